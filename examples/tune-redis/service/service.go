// Package service is the redis-server that is tuned: its files, how homeostat is
// told of it, and which of its settings may be tuned within what.
//
// The settings that are tuned stand in a file of their own, tuning.conf, which
// redis.conf includes. That file is the root. A change of it is put in force as an
// operator would without losing what is cached: one CONFIG SET of all its lines,
// which redis takes or refuses as a whole.
//
// It owns the files until homeostat is told of them. It starts nothing. Its
// values do not change after New.
package service

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
)

// Name is the component's name, and that of its root.
const Name = "redis"

// Redis is the service. Use New.
type Redis struct {
	// Address is where it listens, host:port, Users the page that tells how its
	// users fare, and Dir the folder of the root.
	Address, Users, Dir string
}

// New writes the files of a redis-server below dir.
func New(dir, address, users string) (Redis, error) {
	r := Redis{Address: address, Users: users, Dir: filepath.Join(dir, "tuning")}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return r, fmt.Errorf("write the files of redis: %w", err)
	}
	if err := os.MkdirAll(r.Dir, 0o755); err != nil {
		return r, fmt.Errorf("write the files of redis: %w", err)
	}
	main := fmt.Sprintf("bind %s\nport %s\ndir %q\nsave \"\"\nappendonly no\ninclude %q\n", host, port, dir, r.File())
	for path, text := range map[string]string{r.Main(): main, r.File(): Defaults().String()} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return r, fmt.Errorf("write the files of redis: %w", err)
		}
	}
	return r, nil
}

// File is the file of the settings that are tuned.
func (r Redis) File() string { return filepath.Join(r.Dir, "tuning.conf") }

// Main is the configuration that includes it.
func (r Redis) Main() string { return filepath.Join(filepath.Dir(r.Dir), "redis.conf") }

// Settings reads the file.
func (r Redis) Settings() (Settings, error) {
	text, err := os.ReadFile(r.File())
	if err != nil {
		return nil, fmt.Errorf("read the settings of redis: %w", err)
	}
	return Parse(string(text)), nil
}

// reload puts the file in force.
const reload = `redis-cli -e -h %s -p %s CONFIG SET $(grep -v '^#' %s)`

// warmUp is how long settings are given to show what they are worth: with enough
// memory 600 values are fetched again at 200 a second, while 800 are asked for.
const warmUp = "7s"

// watch is longer than warmUp: the pipeline takes a change back whose owner is not well
// at the end of the watch, whatever time its recovery would give it.
const watch = "8s"

// Tables are the component and its root for config.toml, with a ladder and, for a
// model, its table.
func (r Redis) Tables(ladder []string, model string) string {
	host, port, _ := net.SplitHostPort(r.Address) // New has split it
	var b strings.Builder
	fmt.Fprintf(&b, `
[[component]]
name = %q
command = ["redis-server", %q]
on_exit = "stop"
start_timeout = "8s"
warm_up = %q
reload_command = ["sh", "-c", %q]
scrape = "http://%s/metrics"
scrape_interval = "1s"
ladder = ["%s"]
%s
[[component.probe]]
name = "users"
type = "http"
url = "http://%[5]s/well"
interval = "500ms"
`, Name, r.Main(), warmUp, fmt.Sprintf(reload, host, port, r.File()), r.Users, strings.Join(ladder, `", "`), model)
	for _, d := range Set() {
		b.WriteString(d.table(r.File()))
	}
	fmt.Fprintf(&b, "\n[[root]]\nname = %q\npath = %q\ncomponent = %[1]q\nactivate = \"reload\"\nwatch = %[3]q\n", Name, r.Dir, watch)
	return b.String()
}
