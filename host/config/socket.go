package config

import (
	"os"

	"github.com/BurntSushi/toml"
)

// SocketOf finds out where a daemon with this file would listen even though
// the file as a whole is not good. It is false where the file is no TOML.
func SocketOf(file string, host Host) (string, bool) {
	settings, ok := places(file, host)
	return settings.Socket.Path, ok
}

// StateOf finds out where a daemon with this file would keep its state even though the file as a whole is not good. It is
// false where the file is no TOML or not there; then it is the folder of a daemon without a file.
func StateOf(file string, host Host) (string, bool) {
	settings, ok := places(file, host)
	return settings.State.Dir, ok
}

// places reads the paths alone.
func places(file string, host Host) (*Settings, bool) {
	var part struct {
		State  struct{ Dir string }
		Socket struct{ Path string }
	}
	text, err := os.ReadFile(file)
	if err == nil && len(text) <= maxLoad {
		_, err = toml.Decode(string(text), &part)
	}
	settings := &Settings{File: file}
	if err == nil {
		settings.State.Dir, settings.Socket.Path = part.State.Dir, part.Socket.Path
	}
	settings.resolve(host)
	return settings, err == nil && len(text) <= maxLoad
}
