package main

import (
	"fmt"
	"runtime/debug"
)

// version is the release this is, or will be.
const version = "0.1.0-dev"

// build says what this binary was made of.
type build struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Go       string `json:"go"`
}

func thisBuild() build {
	b := build{Version: version}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	b.Go = info.GoVersion
	dirty := ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			b.Revision = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = "+dirty"
		}
	}
	if b.Revision != "" {
		b.Revision += dirty
	}
	return b
}

func (b build) String() string {
	if b.Revision == "" {
		return fmt.Sprintf("jinglebridge %s (%s)", b.Version, b.Go)
	}
	return fmt.Sprintf("jinglebridge %s (%s, %s)", b.Version, b.Revision, b.Go)
}
