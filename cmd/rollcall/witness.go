package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"time"

	"rollcall/remediate/ledger"
)

// witnessConfig is the section [witness]: who, beside the company, is told the head of the ledger's chain after each run.
// Whoever is audited holds the key and the database; somebody else's copy of the heads is what keeps them from writing
// both anew.
type witnessConfig struct {
	File    string `toml:"file"`    // one line is added for each run: a folder that an auditor can read, and the company cannot change, is best
	Webhook string `toml:"webhook"` // the line is posted there
	Command string `toml:"command"` // gets the line on its standard input: a mailer, or one that writes to a bucket with object lock
}

func (w witnessConfig) check(f *tomlFile) {
	if w.Webhook != "" && !strings.HasPrefix(w.Webhook, "https://") && !strings.HasPrefix(w.Webhook, "http://127.0.0.1:") {
		f.problem("witness.webhook", "[witness] webhook: want an address that begins with https://")
	}
}

// testimony is the line that a witness gets and keeps.
type testimony struct {
	ledger.Head
	Run            string    `json:"run"`
	At             time.Time `json:"at"`
	ManifestSHA256 string    `json:"manifest_sha256,omitempty"`
}

// witness tells every configured witness the ledger's head. Who cannot be reached hears of it with the next run's head,
// which stands on this one; so that is said, and is no reason to fail.
func (p *program) witness(ctx context.Context, c *config, led *ledger.Ledger, run, manifest string) {
	w := c.Witness
	if w == (witnessConfig{}) {
		return
	}
	head, err := led.Head()
	if err != nil {
		fmt.Fprintf(p.stderr, "rollcall: witness: %v\n", err)
		return
	}
	line, err := json.Marshal(testimony{head, run, p.now().UTC(), manifest})
	if err != nil {
		fmt.Fprintf(p.stderr, "rollcall: witness: %v\n", err)
		return
	}
	ctx, stop := context.WithTimeout(ctx, 30*time.Second)
	defer stop()
	for _, tell := range []struct {
		who string
		how func(context.Context, string, []byte) error
	}{{w.File, tellFile(c)}, {w.Webhook, tellWebhook}, {w.Command, tellCommand}} {
		if tell.who == "" {
			continue
		}
		if err := tell.how(ctx, tell.who, append(line, '\n')); err != nil {
			fmt.Fprintf(p.stderr, "rollcall: the witness %s was not told the head of run %s: %v; the next run tells it of both\n", hostOnly(tell.who), run, err)
		}
	}
}

func tellFile(c *config) func(context.Context, string, []byte) error {
	return func(_ context.Context, path string, line []byte) error {
		f, err := os.OpenFile(c.path(path), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o640)
		if err != nil {
			return err
		}
		_, err = f.Write(line)
		return errors.Join(err, f.Close())
	}
}

func tellWebhook(ctx context.Context, address string, line []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(line))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := httpClient().Do(req)
	if err != nil {
		var at *url.Error
		if errors.As(err, &at) { // which quotes the whole address
			err = at.Err
		}
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("it answered %s", resp.Status)
	}
	return nil
}

// tellCommand starts a command; its words are split at blanks, no shell.
func tellCommand(ctx context.Context, command string, line []byte) error {
	words := strings.Fields(command)
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Stdin = bytes.NewReader(line)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w %s", err, bytes.TrimSpace(out[:min(len(out), 200)]))
	}
	return nil
}

// heard holds what a witness kept against the ledger. It gives how many heads agree, and what is wrong with the others.
func heard(led *ledger.Ledger, kept io.Reader) (agree int, problems []string, err error) {
	head, err := led.Head()
	if err != nil {
		return 0, nil, err
	}
	lines := bufio.NewScanner(kept)
	for n := 1; lines.Scan(); n++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		var t testimony
		if err := json.Unmarshal(lines.Bytes(), &t); err != nil || t.Hash == "" {
			problems = append(problems, fmt.Sprintf("line %d is no head of a ledger", n))
			continue
		}
		had, err := led.HadHead(t.Head)
		switch {
		case err != nil:
			return agree, problems, err
		case had:
			agree++
		case t.Ledger != head.Ledger:
			problems = append(problems, fmt.Sprintf("line %d (run %s) is of another ledger, %s; this is %s", n, t.Run, t.Ledger, head.Ledger))
		case t.Seq > head.Seq:
			problems = append(problems, fmt.Sprintf("line %d (run %s, %s): the ledger had %d events then, and has %d now: its end was cut off, or it is an older copy", n, t.Run, t.At.Format(time.RFC3339), t.Seq, head.Seq))
		default:
			problems = append(problems, fmt.Sprintf("line %d (run %s, %s): event %d is not the one the witness was told of: the ledger was written anew", n, t.Run, t.At.Format(time.RFC3339), t.Seq))
		}
	}
	if agree == 0 && len(problems) == 0 {
		problems = append(problems, "it has no heads")
	}
	return agree, problems, lines.Err()
}
