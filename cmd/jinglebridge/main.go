// Command jinglebridge lets browsers and XMPP users call each other: it is a component
// of an XMPP server (XEP-0114) and a WebSocket server for browsers. This package wires:
// it knows the command line, the configuration and the order of starting and stopping.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
)

// Exit codes.
const (
	exitOK      = 0
	exitRuntime = 1
	exitConfig  = 78 // EX_CONFIG: systemd need not try again (RestartPreventExitStatus=78)
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
}

// commands is the command line.
type commands struct {
	Serve        serveCommand        `cmd:"" help:"Attach to the XMPP server and let browsers in."`
	Convert      convertCommand      `cmd:"" help:"Translate SDP to Jingle, or Jingle to SDP, and say what was lost."`
	CheckConfig  checkCommand        `cmd:"" help:"Say what is wrong with the configuration, or that nothing is."`
	GenSecret    secretCommand       `cmd:"" help:"Print a fresh component secret."`
	HashPassword hashPasswordCommand `cmd:"" help:"Print the hash of a password, for the password file."`
	Token        tokenCommand        `cmd:"" help:"Print the token of a guest link."`
	Store        storeCommands       `cmd:"" help:"Copy, check, restore or look into the store."`
	Version      versionCommand      `cmd:"" help:"Print the version."`
}

// configFlags are shared by the commands that read the configuration.
type configFlags struct {
	Config string   `short:"c" env:"JINGLEBRIDGE_CONFIG" placeholder:"FILE" help:"The configuration (default ${config}, if it is there)."`
	Set    []string `short:"s" sep:"none" placeholder:"KEY=VALUE" help:"Set one key, such as log.level=debug; stronger than the environment and the file."`
}

// defaultConfig is read when it is there and nothing else is asked for.
const defaultConfig = "/etc/jinglebridge/config.toml"

func (f configFlags) load() (*loader, error) {
	name := f.Config
	if name == "" {
		if _, err := os.Stat(defaultConfig); err == nil {
			name = defaultConfig
		}
	}
	return load(name, f.Set, os.Environ())
}

// streams are where a command writes.
type streams struct{ stdout, stderr io.Writer }

type serveCommand struct{ configFlags }

func (c *serveCommand) Run(ctx context.Context, s streams) error {
	l, err := c.load()
	if err != nil {
		return err
	}
	// A second signal ends the process at once.
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return serve(ctx, l.cfg, newLogger(s.stderr, l.cfg.Level, l.cfg.Format))
}

type checkCommand struct {
	configFlags
	Show bool `help:"Print every value and where it came from, secrets masked."`
}

func (c *checkCommand) Run(s streams) error {
	l, err := c.load()
	if err != nil {
		return err
	}
	if c.Show {
		_, err = io.WriteString(s.stdout, l.show())
		return err
	}
	_, err = fmt.Fprintln(s.stdout, "the configuration is good")
	return err
}

type secretCommand struct{}

func (secretCommand) Run(s streams) error {
	_, err := fmt.Fprintln(s.stdout, newSecret())
	return err
}

type versionCommand struct{}

func (versionCommand) Run(s streams) error {
	_, err := fmt.Fprintln(s.stdout, thisBuild())
	return err
}

// exited is how kong ends early, after --help.
type exited int

// run is the whole program; it returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (code int) {
	defer func() {
		if r := recover(); r != nil {
			early, ok := r.(exited)
			if !ok {
				panic(r)
			}
			code = int(early)
		}
	}()
	var line commands
	parser := kong.Must(&line,
		kong.Name("jinglebridge"),
		kong.Description("Calls between browsers and XMPP users."),
		kong.Vars{"config": defaultConfig, "readers": strings.Join(readerNames(), ", ")},
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { panic(exited(code)) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	command, err := parser.Parse(args)
	if err != nil {
		// A command line is configuration too: trying again does not help.
		fmt.Fprintf(stderr, "jinglebridge: %v\n", err)
		return exitConfig
	}
	command.BindTo(ctx, (*context.Context)(nil))
	command.Bind(streams{stdout, stderr})
	return exitCode(command.Run(), stderr)
}

func exitCode(err error, stderr io.Writer) int {
	var wrong configError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &wrong):
		fmt.Fprintln(stderr, wrong)
		return exitConfig
	}
	fmt.Fprintf(stderr, "jinglebridge: %v\n", err)
	return exitRuntime
}
