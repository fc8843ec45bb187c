package main

import (
	"context"
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"time"
)

// secretExec runs a command and takes what it prints, for password managers. Its words are split at blanks; no shell.
func secretExec(command string) (string, error) {
	words := strings.Fields(command)
	if len(words) == 0 {
		return "", fmt.Errorf("secret exec: names no command")
	}
	ctx, stop := context.WithTimeout(context.Background(), 30*time.Second)
	defer stop()
	out, err := exec.CommandContext(ctx, words[0], words[1:]...).Output()
	if err != nil {
		return "", fmt.Errorf("secret exec:%s: %w", words[0], err)
	}
	return strings.TrimRight(string(out), "\r\n"), nil
}

// httpClient is what connectors speak through. Each request is bounded; retrying and pacing are the connectors' affair.
func httpClient() *http.Client {
	return &http.Client{Timeout: 2 * time.Minute}
}
