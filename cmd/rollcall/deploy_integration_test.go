//go:build integration

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// promtool is Prometheus's own checker, from Debian's package, unpacked into the test's folder.
func promtool(t *testing.T) string {
	t.Helper()
	if path, err := exec.LookPath("promtool"); err == nil {
		return path
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o777); err != nil { // apt drops its rights
		t.Fatal(err)
	}
	get := func() ([]byte, error) {
		cmd := exec.Command("apt-get", "-q", "download", "prometheus")
		cmd.Dir = dir
		return cmd.CombinedOutput()
	}
	out, err := get()
	if err != nil {
		if said, uerr := exec.Command("apt-get", "-q", "-o", "DPkg::Lock::Timeout=300", "update").CombinedOutput(); uerr != nil {
			t.Fatalf("apt-get update: %v\n%s; install promtool (Debian's package prometheus)", uerr, said)
		}
		if out, err = get(); err != nil {
			t.Fatalf("apt-get download prometheus: %v\n%s; install promtool", err, out)
		}
	}
	debs, err := filepath.Glob(filepath.Join(dir, "prometheus_*.deb"))
	if err != nil || len(debs) != 1 {
		t.Fatal(debs, err)
	}
	if out, err := exec.Command("dpkg-deb", "-x", debs[0], dir).CombinedOutput(); err != nil {
		t.Fatalf("dpkg-deb: %v\n%s", err, out)
	}
	return filepath.Join(dir, "usr", "bin", "promtool")
}

// Prometheus takes the alert rules as they are, and each that a series is given for goes off by it, and by nothing else.
func TestIntegrationAlertRules(t *testing.T) {
	tool := promtool(t)
	rules, err := filepath.Abs("deploy/alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(tool, "check", "rules", rules).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "13 rules found") {
		t.Fatalf("%v\n%s", err, out)
	}
	firing := []struct{ alert, series, values string }{
		{"RollcallScheduleOverdue", `rollcall_schedule_overdue{schedule="nightly"}`, "1x120"},
		{"RollcallMomentMissed", `rollcall_schedule_missed_total{schedule="nightly"}`, "0x90 1x30"},
		{"RollcallGuardTripped", `rollcall_guard_trips_total{guard="cap_run"}`, "0x90 1x30"},
		{"RollcallChangeFailed", `rollcall_cases_carried_out_total{state="failed"}`, "0x90 1x30"},
		{"RollcallSlackDisconnected", `rollcall_slack_connected`, "0x120"},
		{"RollcallSlackNotUpToDate", `rollcall_slack_last_refresh_timestamp_seconds`, "60x120"},
		{"RollcallSlackConnectedTwice", `rollcall_slack_connections`, "2x120"},
		{"RollcallNobodyToAsk", `rollcall_slack_cases_unrouted`, "3x120"},
		{"RollcallPanicked", `rollcall_panics_total{part="watch"}`, "0x90 1x30"},
		{"RollcallAlerted", `rollcall_alerts_total`, "0x90 1x30"},
	}
	healthy := []struct{ series, values string }{{`rollcall_schedule_overdue{schedule="nightly"}`, "0x120"}, {`rollcall_slack_connected`, "1x120"},
		{`rollcall_slack_last_refresh_timestamp_seconds`, "0+60x120"}, {`rollcall_slack_connections`, "1x120"}, {`rollcall_slack_cases_unrouted`, "0x120"},
		{`rollcall_panics_total{part="watch"}`, "1x120"}, {`rollcall_alerts_total`, "2x120"}, {`rollcall_guard_trips_total{guard="cap_run"}`, "4x120"}}
	var test strings.Builder
	test.WriteString("rule_files: [" + rules + "]\nevaluation_interval: 1m\ntests:\n")
	up := "      - {series: 'up{job=\"rollcall\"}', values: '1x120'}\n"
	for _, f := range firing {
		test.WriteString("  - interval: 1m\n    input_series:\n" + up + "      - {series: '" + f.series + "', values: '" + f.values + "'}\n" +
			"    promql_expr_test: [{expr: 'count(ALERTS{alertstate=\"firing\"})', eval_time: 110m, exp_samples: [{labels: '{}', value: 1}]},\n" +
			"      {expr: 'count(ALERTS{alertstate=\"firing\",alertname=\"" + f.alert + "\"})', eval_time: 110m, exp_samples: [{labels: '{}', value: 1}]}]\n")
	}
	test.WriteString("  - interval: 1m\n    input_series:\n" + up)
	for _, h := range healthy {
		test.WriteString("      - {series: '" + h.series + "', values: '" + h.values + "'}\n")
	}
	test.WriteString("    promql_expr_test: [{expr: 'count(ALERTS{alertstate=\"firing\"})', eval_time: 110m, exp_samples: []}]\n")
	path := filepath.Join(t.TempDir(), "test.yml")
	if err := os.WriteFile(path, []byte(test.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(tool, "test", "rules", path).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s\n%s", err, out, test.String())
	}
}
