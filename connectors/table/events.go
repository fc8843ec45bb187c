package table

import "rollcall/connectors"

// event is what a word of the event column means.
type event struct {
	skip    bool           // it starts no role
	rehired connectors.Tri // whether it calls the start of an employment a re-hire
}

func (p *rollCall) eventOf(word []byte) event {
	e, ok := p.roles.events[string(word)]
	if !ok {
		folded := appendFold(nil, word)
		e = event{p.skip[string(folded)], hireWords[string(folded)]}
		if len(p.roles.events) < 256 { // free text would fill the memory
			p.roles.events[string(word)] = e
		}
	}
	return e
}

// roleEvents tells which events of a job history start no role.
func roleEvents(given []string) map[string]bool {
	if len(given) == 0 {
		given = []string{"termination", "terminated", "terminate", "leave_start", "leave_end", "leave start", "leave end", "leave",
			"return from leave", "exit", "resignation", "retirement", "contract_end", "contract end"}
	}
	skip := map[string]bool{}
	for _, s := range given {
		skip[foldWord(s)] = true
	}
	return skip
}

// hireWords are what HR systems call the start of an employment, folded.
var hireWords = map[string]connectors.Tri{
	"hire": connectors.No, "hired": connectors.No, "new hire": connectors.No, "joined": connectors.No,
	"rehire": connectors.Yes, "re-hire": connectors.Yes, "rehired": connectors.Yes, "re-hired": connectors.Yes, "returned": connectors.Yes,
}
