package config

import (
	"os"

	"github.com/BurntSushi/toml"
)

// SocketOf finds out where a daemon with this file would listen even though
// the file as a whole is not good. It is false where the file is no TOML.
func SocketOf(file string, host Host) (string, bool) {
	text, err := os.ReadFile(file)
	if err != nil || len(text) > maxLoad {
		return "", false
	}
	var part struct {
		State  struct{ Dir string }
		Socket struct{ Path string }
	}
	if _, err := toml.Decode(string(text), &part); err != nil {
		return "", false
	}
	settings := &Settings{File: file}
	settings.State.Dir, settings.Socket.Path = part.State.Dir, part.Socket.Path
	settings.resolve(host)
	return settings.Socket.Path, true
}
