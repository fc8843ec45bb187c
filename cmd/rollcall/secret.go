package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// resolveSecret reads what a reference in the configuration points to, byte for byte. The value is never printed.
func resolveSecret(dir string, getenv func(string) string) func(string) ([]byte, error) {
	return func(ref string) ([]byte, error) {
		scheme, rest, ok := strings.Cut(ref, ":")
		switch {
		case ok && scheme == "env":
			v := getenv(rest)
			if v == "" {
				return nil, fmt.Errorf("secret env:%s: the environment variable is not set", rest)
			}
			return []byte(v), nil
		case ok && scheme == "file":
			if !filepath.IsAbs(rest) {
				rest = filepath.Join(dir, rest)
			}
			return secretFile(rest)
		case ok && scheme == "exec":
			return secretExec(rest)
		}
		return nil, errLiteralSecret
	}
}

var errLiteralSecret = errors.New(`a secret is written out in the configuration: name where it is kept instead, as "env:NAME", "file:PATH" or "exec:COMMAND"`)

// isReference tells a reference from a secret that is written out.
func isReference(s string) bool {
	scheme, rest, _ := strings.Cut(s, ":")
	return (scheme == "env" || scheme == "file" || scheme == "exec") && rest != ""
}

// refName is what errors call the place of a secret; a command's arguments may be secrets themselves.
func refName(ref string) string {
	if command, ok := strings.CutPrefix(ref, "exec:"); ok {
		if words := strings.Fields(command); len(words) > 0 {
			return "exec:" + words[0]
		}
	}
	return ref
}

// textSecret is for secrets that are one line of text: the line end that an editor or a command adds is not part of it.
func textSecret(secret func(string) ([]byte, error)) func(string) (string, error) {
	return func(ref string) (string, error) {
		b, err := secret(ref)
		return strings.TrimRight(string(b), "\r\n"), err
	}
}

func secretFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("secret: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("secret file:%s can be read by others (mode %04o): chmod 600 it", path, info.Mode().Perm())
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("secret: %w", err)
	}
	return b, nil
}

// secretExec runs a command and takes what it prints, for password managers. Its words are split at blanks; no shell.
func secretExec(command string) ([]byte, error) {
	words := strings.Fields(command)
	if len(words) == 0 {
		return nil, fmt.Errorf("secret exec: names no command")
	}
	ctx, stop := context.WithTimeout(context.Background(), 30*time.Second)
	defer stop()
	out, err := exec.CommandContext(ctx, words[0], words[1:]...).Output()
	if err != nil {
		return nil, fmt.Errorf("secret exec:%s: %w", words[0], err)
	}
	return out, nil
}

// httpClient is what connectors speak through. Each request is bounded; retrying and pacing are the connectors' affair.
func httpClient() *http.Client {
	return &http.Client{Timeout: 2 * time.Minute}
}
