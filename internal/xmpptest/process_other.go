//go:build !linux

package xmpptest

import "os/exec"

// DieWithParent does nothing here: the system has no way to.
func DieWithParent(*exec.Cmd) {}
