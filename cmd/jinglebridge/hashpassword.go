package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"

	"github.com/jinglebridge/jinglebridge/internal/auth"
)

// hashPasswordCommand makes a line of a password file. The password comes on standard input,
// never in the command line, where everybody on the machine may see it.
type hashPasswordCommand struct {
	Name string `arg:"" optional:"" help:"Whose password it is. With it, what is printed is a line of the password file."`
}

// Help is shown above the flags.
func (hashPasswordCommand) Help() string {
	return `Asks for a password, or reads it from standard input, and prints its argon2id hash:

    jinglebridge hash-password anna >> /etc/jinglebridge/passwords`
}

// Validate refuses names that no password file can have.
func (c hashPasswordCommand) Validate() error {
	if strings.ContainsAny(c.Name, ":\r\n\x00") || strings.HasPrefix(c.Name, "#") {
		return fmt.Errorf("want a name without colons and line ends, and no # at its beginning, got %.64q", c.Name)
	}
	return nil
}

// Run prints the hash.
func (c *hashPasswordCommand) Run(ctx context.Context, s streams) error {
	password, err := askPassword(ctx, os.Stdin, s.stderr)
	if err != nil {
		return err
	}
	hash, err := auth.Hash(password)
	if err != nil {
		return err
	}
	if c.Name != "" {
		hash = c.Name + ":" + hash
	}
	_, err = fmt.Fprintln(s.stdout, hash)
	return err
}

// askPassword reads a password: from a terminal twice and unseen, else the one line there is.
func askPassword(ctx context.Context, in *os.File, prompt io.Writer) (string, error) {
	lines := bufio.NewReader(io.LimitReader(in, 64<<10))
	if !terminal(in) {
		return readPassword(lines)
	}
	defer unseen(ctx, in, prompt)()
	fmt.Fprint(prompt, "password: ")
	first, err := readPassword(lines)
	if err != nil {
		return "", err
	}
	fmt.Fprint(prompt, "\nonce more: ")
	second, err := readPassword(lines)
	fmt.Fprintln(prompt)
	switch {
	case err != nil:
		return "", err
	case first != second:
		return "", errors.New("the two are not the same")
	}
	return first, nil
}

func readPassword(r *bufio.Reader) (string, error) {
	line, err := r.ReadString('\n')
	if err != nil && (err != io.EOF || line == "") {
		return "", fmt.Errorf("want a password on standard input: %w", err)
	}
	return strings.TrimRight(line, "\r\n"), nil
}

// unseen lets a terminal show nothing of what is typed, until show is called or the process is
// interrupted.
func unseen(ctx context.Context, tty *os.File, prompt io.Writer) (show func()) {
	stty := func(mode string) error {
		// Not with ctx: it must also run when all else is to end.
		c := exec.Command("stty", mode)
		c.Stdin = tty
		return c.Run()
	}
	if stty("-echo") != nil {
		fmt.Fprintln(prompt, "what you type will be seen")
		return func() {}
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	ended := context.AfterFunc(ctx, func() {
		stty("echo")
		fmt.Fprintln(prompt)
		os.Exit(exitRuntime) // nothing else ends the reading of a terminal
	})
	return func() {
		if ended() {
			stty("echo")
		}
		stop()
	}
}
