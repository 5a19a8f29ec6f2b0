package service

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/BurntSushi/toml"
)

// Settings are what every shop process is told by its settings file.
type Settings struct {
	// Folder is where relative paths in the settings start: that of the file.
	Folder string `toml:"-"`
	Server Server `toml:"server"`
	Log    Log    `toml:"log"`
	Fault  Fault  `toml:"fault"`
}

// Server says where the process listens and how much it takes on.
type Server struct {
	// Listen is the address of the public pages, host:port.
	Listen string `toml:"listen"`
	// Admin is the address of /metrics and /fault, host:port.
	Admin string `toml:"admin"`
	// Workers is how many requests are served at the same time, 1 to 1024. The
	// others wait for Patience, then get status 503.
	Workers int `toml:"workers"`
	// Patience is how long a request waits for a free worker.
	Patience Duration `toml:"patience"`
	// Work is how long a request keeps its worker at least, 0s for as long as it
	// takes: a small shop has too little to do to be overloaded.
	Work Duration `toml:"work"`
	// Drain is how long open requests may finish after SIGTERM.
	Drain Duration `toml:"drain"`
}

// Log says where the process logs.
type Log struct {
	// File is appended to; empty means stderr.
	File string `toml:"file"`
	// Level is debug, info, warn or error.
	Level string `toml:"level"`
}

// Fault says whether the process can be broken on purpose.
type Fault struct {
	// Enabled opens /fault on the admin address.
	Enabled bool `toml:"enabled"`
	// File keeps the faults that outlive a restart.
	File string `toml:"file"`
	// ErrorsAfter is how long after its start the process answers every request
	// with status 500, 0s for never: a bad setting that shows late.
	ErrorsAfter Duration `toml:"errors_after"`
}

// Duration is a time.Duration that is written like "1s". A bare number is
// refused, because it would read as nanoseconds.
type Duration struct{ time.Duration }

// UnmarshalText reads what time.ParseDuration reads.
func (d *Duration) UnmarshalText(b []byte) (err error) {
	d.Duration, err = time.ParseDuration(string(b))
	return err
}

// MarshalText writes what UnmarshalText reads.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// Load reads the settings file at path over the defaults that into points to.
// Where there is no file yet, it writes one with these defaults, folders
// included. A key that it does not know is an error.
func Load(path string, into any) error {
	meta, err := toml.DecodeFile(path, into)
	if errors.Is(err, fs.ErrNotExist) {
		return create(path, into)
	}
	if err != nil {
		return fmt.Errorf("read settings %s: %w", path, err)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return fmt.Errorf("read settings %s: unknown keys %v; delete or correct them", path, unknown)
	}
	return nil
}

// create does not replace a file that appeared in between.
func create(path string, defaults any) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("write default settings: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("write default settings: %w", err)
	}
	if err := errors.Join(toml.NewEncoder(f).Encode(defaults), f.Close()); err != nil {
		return fmt.Errorf("write default settings %s: %w", path, err)
	}
	return nil
}

// Check finds what Load cannot: values out of range. All of them are reported.
func (s Settings) Check() error {
	var wrong []error
	note := func(bad bool, format string, args ...any) {
		if bad {
			wrong = append(wrong, fmt.Errorf(format, args...))
		}
	}
	note(s.Server.Listen == "", "server.listen: an address host:port is required")
	note(s.Server.Admin == "", "server.admin: an address host:port is required")
	note(s.Server.Workers < 1 || s.Server.Workers > 1024, "server.workers: want 1 to 1024, got %d", s.Server.Workers)
	note(s.Server.Patience.Duration <= 0, "server.patience: want more than 0s, got %s", s.Server.Patience)
	note(s.Server.Work.Duration < 0, "server.work: want 0s or more, got %s", s.Server.Work)
	note(s.Fault.ErrorsAfter.Duration < 0, "fault.errors_after: want 0s or more, got %s", s.Fault.ErrorsAfter)
	note(s.Server.Drain.Duration <= 0, "server.drain: want more than 0s, got %s", s.Server.Drain)
	note(s.Fault.Enabled && s.Fault.File == "", "fault.file: a path is required when fault.enabled is true")
	return errors.Join(wrong...)
}

// Path returns path, taken from Folder unless it is absolute or empty.
func (s Settings) Path(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(s.Folder, path)
}
