package store

import (
	"flag"
	"os"
	"testing"
)

var long = flag.Bool("long", false, "kill, cut and flip much more often")

// The test binary is also the process that is killed, or has no rights, in tests.
func TestMain(m *testing.M) {
	if role := os.Getenv("STORE_TEST_ROLE"); role != "" {
		os.Exit(play(role, os.Getenv("STORE_TEST_PATH")))
	}
	flag.Parse()
	os.Exit(m.Run())
}

// play is what the test binary does as a child, and with what it exits.
func play(role, path string) int {
	if role == "writer" {
		return writeUntilKilled(path)
	}
	return playOnLinux(role, path)
}
