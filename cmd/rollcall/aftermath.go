package main

// aftermath adds to a plan's items what people are told beside what would be done. It is in no hash.
func (r *runPlan) aftermath(c *config) {
	for i := range r.Plan.Items {
		it := &r.Plan.Items[i]
		it.LegalHold = c.Remediate.Limits.OnHold(it, r.Same)
	}
}
