// Package lab owns the place in which one row of a drill happens: a scratch folder with a root, a service that lives from
// the root's file, and a daemon of its own on a scratch state folder and socket.
//
// It starts, kills and asks; it judges nothing. Everything that it starts ends with it: in order by Close, and by the
// kernel when the drill itself is killed. A Lab is used by one goroutine.
package lab

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"

	"github.com/homeostat/homeostat/host/api/client"
	"github.com/homeostat/homeostat/host/drill/launch"
	"github.com/homeostat/homeostat/host/drill/scratch"
)

// Names of what a lab declares.
const (
	Root      = "site"  // the root of the service's file
	Second    = "other" // a root that nobody owns, and that a person confirms
	Component = "web"   // the service
	Neighbor  = "store" // a service that no change concerns
)

// Setup is what differs between labs. The zero value watches for an hour and lets health confirm.
type Setup struct {
	// Watch is as the configuration has it, such as "2s"; empty for an hour.
	Watch string
	// Confirm is health, person, both or none; empty for health.
	Confirm string
	// Neighbor adds a second service.
	Neighbor bool
	// Blind gives the service a probe that cannot be carried out: nobody can tell how it is.
	Blind bool
	// KeepBackups is how many backups are kept; 0 for 50.
	KeepBackups int
	// Validate is a command that judges changes of the second root.
	Validate []string
	// Faults hold for the first daemon that is started.
	Faults *launch.Faults
}

// Lab is a place for one row.
type Lab struct {
	Setup
	dir     string
	exe     string
	pipe    *os.File // held open for the services
	address map[string]string
	daemon  *daemon
	api     *client.Client
	view    string // before paths, as the daemon sees them
}

// New makes a lab in a new folder below base. The program exe is homeostat itself.
func New(base, exe string, s Setup) (*Lab, error) {
	dir, err := os.MkdirTemp(base, "")
	if err != nil {
		return nil, fmt.Errorf("make a scratch folder: %w", err)
	}
	l := &Lab{Setup: s, dir: dir, exe: exe, address: map[string]string{}}
	if err := l.furnish(); err != nil {
		return nil, errors.Join(fmt.Errorf("make a scratch root: %w", err), l.Close(context.Background()))
	}
	return l, nil
}

func (l *Lab) furnish() error {
	for _, sub := range []string{"place", "place/" + Root, Second, Neighbor} {
		if err := os.Mkdir(filepath.Join(l.dir, sub), 0o755); err != nil {
			return err
		}
	}
	good := scratch.Settings{Version: Old, Conduct: scratch.Well}.Encode()
	for _, file := range []string{l.Path(scratch.File), filepath.Join(l.dir, Neighbor, scratch.File)} {
		if err := os.WriteFile(file, []byte(good), 0o644); err != nil {
			return err
		}
	}
	for _, name := range []string{Component, Neighbor} {
		free, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		l.address[name] = free.Addr().String()
		if err := free.Close(); err != nil {
			return err
		}
	}
	if err := syscall.Mkfifo(l.pipePath(), 0o600); err != nil {
		return err
	}
	var err error
	// Opened for both, so that it does not wait for a reader.
	if l.pipe, err = os.OpenFile(l.pipePath(), os.O_RDWR, 0); err != nil {
		return err
	}
	l.api = client.New(l.socket())
	return os.WriteFile(l.file("config.toml"), []byte(l.configuration()), 0o600)
}

// Old is the version of the service's file that a lab begins with.
const Old = "old"

func (l *Lab) file(name string) string { return filepath.Join(l.dir, name) }
func (l *Lab) socket() string          { return l.file("s") }
func (l *Lab) pipePath() string        { return l.file("pipe") }

// place is the folder that holds the root and, beside it, the slots of changes.
func (l *Lab) place() string { return l.file("place") }

// Path is where a file of the root lies, as the daemon sees it.
func (l *Lab) Path(name string) string { return l.view + filepath.Join(l.place(), Root, name) }

// Beside is where a file beside the root lies.
func (l *Lab) Beside(name string) string { return l.view + filepath.Join(l.place(), name) }

// State is where a file of the daemon's state lies.
func (l *Lab) State(name string) string { return filepath.Join(l.dir, "state", name) }

// Read returns a file of the root; "absent" stands for none.
func (l *Lab) Read(name string) string {
	data, err := os.ReadFile(l.Path(name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "absent"
	case err != nil:
		return err.Error()
	}
	return string(data)
}

// Write edits a file of the root, as a person does who knows nothing of homeostat.
func (l *Lab) Write(name, content string) error {
	return os.WriteFile(l.Path(name), []byte(content), 0o644)
}

// Close ends everything and removes the folder.
func (l *Lab) Close(ctx context.Context) error {
	var all error
	if l.daemon != nil {
		all = l.daemon.stop(ctx)
	}
	if l.pipe != nil {
		all = errors.Join(all, l.pipe.Close()) // ends the services of a daemon that was killed
	}
	if l.api != nil {
		l.api.CloseIdle()
	}
	return errors.Join(all, os.RemoveAll(l.dir))
}
