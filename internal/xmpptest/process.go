package xmpptest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// process is a server that is started, stopped and killed, again and again, with one
// directory and one set of ports.
type process struct {
	dir     string
	command func() *exec.Cmd
	ports   []int
	patient time.Duration // how long it may take to start or to stop

	mu   sync.Mutex
	cmd  *exec.Cmd
	gone chan struct{} // closed when cmd has ended
}

// Start starts the server, and returns when it listens on all its ports.
func (p *process) Start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd != nil {
		return nil
	}
	out, err := os.OpenFile(p.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	cmd := p.command()
	cmd.Stdout, cmd.Stderr = out, out
	DieWithParent(cmd)
	if err := cmd.Start(); err != nil {
		return err
	}
	gone := make(chan struct{})
	go func() { // ends with the server
		cmd.Wait()
		close(gone)
	}()
	p.cmd, p.gone = cmd, gone
	if err := waitOpen(p.ports, p.patient, gone); err != nil {
		p.signal(syscall.SIGKILL)
		return fmt.Errorf("%w\n%s", err, tail(p.Log(), 30))
	}
	return nil
}

// Stop asks the server to end, and waits for it; what it stored stays.
func (p *process) Stop() error { return p.end(syscall.SIGTERM) }

// Kill ends the server at once, as a crash would.
func (p *process) Kill() error { return p.end(syscall.SIGKILL) }

// Restart is Stop and Start.
func (p *process) Restart() error {
	if err := p.Stop(); err != nil {
		return err
	}
	return p.Start()
}

// Close kills the server and removes all it stored.
func (p *process) Close() error {
	if err := p.Kill(); err != nil {
		return err
	}
	return os.RemoveAll(p.dir)
}

// Log returns all that the server has said.
func (p *process) Log() string {
	b, _ := os.ReadFile(p.logFile())
	return string(b)
}

func (p *process) logFile() string { return filepath.Join(p.dir, "log") }

func (p *process) end(s syscall.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.signal(s)
}

// signal sends s, and SIGKILL when that has no effect; p.mu is held.
func (p *process) signal(s syscall.Signal) error {
	if p.cmd == nil {
		return nil
	}
	p.cmd.Process.Signal(s)
	select {
	case <-p.gone:
	case <-time.After(p.patient):
		p.cmd.Process.Kill()
		<-p.gone
	}
	p.cmd = nil
	return nil
}

// owner is what a test needs of a server to clean up behind it.
type owner interface {
	Log() string
	Close() error
}

func cleanUp(t TB, name string, s owner) {
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%s said:\n%s", name, tail(s.Log(), 200))
		}
		if err := s.Close(); err != nil {
			t.Logf("%s: %v", name, err)
		}
	})
}
