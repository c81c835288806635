package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jinglebridge/jinglebridge/internal/xmpptest"
)

// daemon is the bridge that is measured.
type daemon struct {
	cmd         *exec.Cmd
	page, admin string // ws://…, http://…
	ended       chan struct{}
}

// config is the bridge's, but for the limits of what one address may do: all browsers are on
// this machine here, on a few addresses of it.
const config = `
[xmpp]
domain = %q
server = %q
secret = %q
[listen]
address = "127.0.0.1:0"
[admin]
address = "127.0.0.1:0"
[auth]
anonymous = true
[store]
path = %q
[limits]
logins_per_minute = 1000000
waiting_per_addr = 1000
requests_per_addr = 1000
new_calls_per_target = 1000000
new_calls_per_session = 1000000
new_calls_per_addr = 1000000
[log]
format = "json"
`

func startDaemon(binary, dir, text string, verbose bool) (*daemon, error) {
	file := filepath.Join(dir, "config.toml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, err
	}
	cmd := exec.Command(binary, "serve", "--config", file)
	xmpptest.DieWithParent(cmd)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	d := &daemon{cmd: cmd, ended: make(chan struct{})}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	listening := make(chan error, 1)
	go d.follow(stderr, listening, verbose)
	select {
	case err = <-listening:
	case <-time.After(patience):
		err = errors.New("the bridge does not listen")
	}
	if err != nil {
		d.kill()
		return nil, err
	}
	return d, nil
}

// follow reads the log to its end, which is that of the bridge.
func (d *daemon) follow(stderr io.Reader, listening chan<- error, verbose bool) {
	defer close(d.ended)
	var last string
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		last = lines.Text()
		var line struct{ Msg, Page, Admin, Level string }
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "listening" {
			d.page = "ws" + strings.TrimPrefix(line.Page, "http") + "ws"
			d.admin = line.Admin
			listening <- nil
		}
		if verbose || line.Level == "ERROR" && line.Msg != "link lost" && line.Msg != "not attached" {
			fmt.Fprintln(os.Stderr, last)
		}
	}
	d.cmd.Wait()
	if d.page == "" {
		listening <- fmt.Errorf("the bridge ended: %s", last)
	}
}

// stop ends the bridge as an operator does, and says how long that took.
func (d *daemon) stop() time.Duration {
	began := time.Now()
	d.cmd.Process.Signal(syscall.SIGTERM)
	<-d.ended
	return time.Since(began)
}

func (d *daemon) kill() {
	d.cmd.Process.Kill()
	<-d.ended
}

// metrics reads what the bridge says of itself.
func (d *daemon) metrics() (map[string]float64, error) {
	answer, err := http.Get(d.admin + "metrics")
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	all := map[string]float64{}
	lines := bufio.NewScanner(answer.Body)
	for lines.Scan() {
		name, value, ok := strings.Cut(lines.Text(), " ")
		if n, err := strconv.ParseFloat(value, 64); ok && err == nil {
			all[name] = n
		}
	}
	return all, lines.Err()
}

// memory is what the system says the bridge has: now, and at most.
func (d *daemon) memory() (now, most float64, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", d.cmd.Process.Pid))
	for line := range strings.Lines(string(text)) {
		var kb float64
		if n, _ := fmt.Sscanf(line, "VmRSS: %f kB", &kb); n == 1 {
			now = kb * 1024
		}
		if n, _ := fmt.Sscanf(line, "VmHWM: %f kB", &kb); n == 1 {
			most = kb * 1024
		}
	}
	return now, most, err
}
