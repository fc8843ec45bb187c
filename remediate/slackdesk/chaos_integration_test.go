//go:build integration

package slackdesk_test

import "testing"

// TestIntegrationChaos is a minute of chaos under 2,000 cases that wait: afterwards every decision that was made is in the
// ledger exactly once, and every card tells the truth.
func TestIntegrationChaos(t *testing.T) { runChaos(t, 2000, 56, 60) }
