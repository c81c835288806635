package main

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"mellium.im/xmpp/jid"

	"github.com/jinglebridge/jinglebridge/internal/auth"
)

// tokenCommand makes a guest link.
type tokenCommand struct {
	KeyFile string        `required:"" env:"JINGLEBRIDGE_GUEST_KEY_FILE" placeholder:"FILE" help:"The key that signs guest links, the same file that the server has; \"openssl rand -base64 32\" makes one."`
	Call    []string      `required:"" sep:"none" placeholder:"JID" help:"Whom the guest may call, and nobody else: the address of an XMPP user, or a name here. May be repeated."`
	For     time.Duration `default:"24h" placeholder:"24h" help:"For how long it is good (${default})."`
	Once    bool          `help:"It lets in once."`
	URL     string        `placeholder:"URL" help:"The address of the call page: prints the whole link to send, such as https://call.example.org/#token=…"`
	Title   string        `placeholder:"TEXT" help:"What the callee sees; by default what the guest says."`
}

// Help is shown above the flags.
func (tokenCommand) Help() string {
	return `Prints a token with which somebody without an account may call the people it names:

    jinglebridge token --key-file /etc/jinglebridge/guest.key --call juliet@example.org --for 2h --once --url https://call.example.org/

With --url it is the whole link, which opens the call page with one button. Without, it is the token, with which any page logs in in place of
a password. In a link it stands after the #, where no server logs it.`
}

// Validate refuses what cannot be meant.
func (c tokenCommand) Validate() error {
	if c.For < time.Second {
		return fmt.Errorf("--for: want a second and more, got %v", c.For)
	}
	if _, err := c.link(""); err != nil {
		return fmt.Errorf("--url: %w", err)
	}
	for _, callee := range c.Call {
		if err := checkCallee(callee); err != nil {
			return fmt.Errorf("--call: %w", err)
		}
	}
	return nil
}

// checkCallee refuses an address that cannot be one, or is one device's only.
func checkCallee(callee string) error {
	if !strings.Contains(callee, "@") {
		if callee == "" || strings.Contains(callee, "/") {
			return fmt.Errorf("want an address or a name, got %.64q", callee)
		}
		return nil
	}
	switch j, err := jid.Parse(callee); {
	case err != nil:
		return fmt.Errorf("%.64q is no address: %w", callee, err)
	case j.Localpart() == "" || j.Resourcepart() != "":
		return errors.New("want an address like juliet@example.org")
	}
	return nil
}

// link is what is printed: the token, or the address of the page with it.
func (c tokenCommand) link(token string) (string, error) {
	if c.URL == "" {
		return token, nil
	}
	u, err := url.Parse(c.URL)
	switch {
	case err != nil:
		return "", err
	case u.Scheme != "https" && u.Scheme != "http" || u.Host == "":
		return "", fmt.Errorf("want an address such as https://call.example.org/, got %.200q", c.URL)
	case u.Fragment != "":
		return "", fmt.Errorf("want an address without #, got %.200q", c.URL)
	}
	if u.Path == "" {
		u.Path = "/"
	}
	u.Fragment = "token=" + token
	return u.String(), nil
}

// Run prints the token, or the link.
func (c *tokenCommand) Run(s streams) error {
	key, err := auth.ReadGuestKey(c.KeyFile)
	if err != nil {
		return err
	}
	token, err := auth.NewGuestLink(key, auth.GuestLink{Call: c.Call, Until: time.Now().Add(c.For), Once: c.Once, Title: c.Title})
	if err != nil {
		return err
	}
	link, err := c.link(token)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(s.stdout, link)
	return err
}
