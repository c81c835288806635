package xmpptest

import (
	"os/exec"
	"syscall"
)

// DieWithParent leaves no server behind when a test is killed.
func DieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}

// Pause stops the server without ending it; Resume lets it go on.
func (p *process) Pause() error { return p.send(syscall.SIGSTOP) }

// Resume lets a paused server go on.
func (p *process) Resume() error { return p.send(syscall.SIGCONT) }

func (p *process) send(s syscall.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return nil
	}
	return p.cmd.Process.Signal(s)
}
