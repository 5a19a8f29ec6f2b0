// Package link is the line between a daemon and its guard: a pipe, on which the daemon says that it is ready, that it is
// alive, and that it wants to be started anew; and one variable of the environment, by which the guard says where the
// pipe is.
//
// It owns the words on that line and nothing else. A nil *Link is a daemon without a guard: all of its methods may be
// called. A Link may be used from several goroutines.
package link

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Variable is the variable of the environment. Its value is "fd pulse trial", such as "3 5s mod_1a2b3c"; trial is "-" for
// a daemon whose files nobody doubts.
const Variable = "HOMEOSTAT_GUARD"

// noTrial stands in the variable for no change.
const noTrial = "-"

// The words of the daemon, one a line.
const (
	WordReady    = "ready"
	WordPulse    = "pulse"
	WordRestart  = "restart"
	WordStopping = "stopping"
)

// Setting is what the guard tells a daemon.
type Setting struct {
	// FD is the number of the pipe's end.
	FD int
	// Pulse is the time between two signs of life that the guard wants.
	Pulse time.Duration
	// Trial is the change that the daemon is started to try; empty for none.
	Trial string
}

// Environment is the entry for the environment of the daemon.
func (s Setting) Environment() string {
	trial := s.Trial
	if trial == "" {
		trial = noTrial
	}
	return fmt.Sprintf("%s=%d %s %s", Variable, s.FD, s.Pulse, trial)
}

// parse reads the value of the variable.
func parse(value string) (Setting, error) {
	fields := strings.Fields(value)
	const parts = 3
	if len(fields) != parts {
		return Setting{}, fmt.Errorf("want %d words", parts)
	}
	const firstFree = 3 // after input, output and errors
	fd, err := strconv.Atoi(fields[0])
	if err != nil || fd < firstFree {
		return Setting{}, errors.New("the first word is no descriptor")
	}
	pulse, err := time.ParseDuration(fields[1])
	if err != nil || pulse <= 0 {
		return Setting{}, errors.New("the second word is no time")
	}
	return Setting{FD: fd, Pulse: pulse, Trial: strings.TrimPrefix(fields[2], noTrial)}, nil
}

// Link is the daemon's end.
type Link struct {
	pipe    *os.File
	setting Setting
}

// Take connects to the guard that the environment names, and takes the variable out of it, so that no process that the
// daemon starts believes to be guarded. It returns nil where there is no guard.
func Take() (*Link, error) {
	value, ok := os.LookupEnv(Variable)
	if !ok {
		return nil, nil
	}
	if err := os.Unsetenv(Variable); err != nil {
		return nil, err
	}
	setting, err := parse(value)
	if err != nil {
		return nil, fmt.Errorf("%s=%q: %w: only `homeostat guard` sets it, start the daemon without it", Variable, value, err)
	}
	var st unix.Stat_t
	if err := unix.Fstat(setting.FD, &st); err != nil || st.Mode&unix.S_IFMT != unix.S_IFIFO {
		return nil, fmt.Errorf("%s=%q: descriptor %d is no pipe: only `homeostat guard` sets it, start the daemon without it", Variable, value, setting.FD)
	}
	unix.CloseOnExec(setting.FD)
	// A guard that does not read must not hold up the daemon.
	if err := unix.SetNonblock(setting.FD, true); err != nil {
		return nil, fmt.Errorf("connect to the guard: %w", err)
	}
	return &Link{pipe: os.NewFile(uintptr(setting.FD), "guard"), setting: setting}, nil
}

// Guarded says that there is a guard.
func (l *Link) Guarded() bool { return l != nil }

// Trial is the change that this daemon was started to try; empty for none.
func (l *Link) Trial() string {
	if l == nil {
		return ""
	}
	return l.setting.Trial
}

// Every is the time between two signs of life that the guard wants; 0 without a guard.
func (l *Link) Every() time.Duration {
	if l == nil {
		return 0
	}
	return l.setting.Pulse
}

// Ready says that the daemon works.
func (l *Link) Ready() error { return l.say(WordReady) }

// Pulse says that the daemon is alive.
func (l *Link) Pulse() error { return l.say(WordPulse) }

// Stopping says that the daemon is about to end.
func (l *Link) Stopping() error { return l.say(WordStopping) }

// Restart says that the daemon is about to end and wants to be started anew.
func (l *Link) Restart() error {
	if l == nil {
		return errors.New("there is no guard that would start the daemon anew: start it with `homeostat guard -- run`")
	}
	return l.say(WordRestart)
}

// patience bounds one word.
const patience = time.Second

func (l *Link) say(word string) error {
	if l == nil {
		return nil
	}
	err := l.pipe.SetWriteDeadline(time.Now().Add(patience))
	if err == nil {
		_, err = l.pipe.WriteString(word + "\n")
	}
	if err != nil {
		return fmt.Errorf("tell the guard %q: %w", word, err)
	}
	return nil
}

// Close ends the line.
func (l *Link) Close() error {
	if l == nil {
		return nil
	}
	return l.pipe.Close()
}
