package fault

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// ErrCrashLoop is what Begin returns while CrashLoop wants every start to fail.
var ErrCrashLoop = errors.New("fault crash-loop is on")

// memory is the content of the fault file: what outlives a restart.
type memory struct {
	SlowStart  string    `json:"slow_start,omitempty"`
	CrashUntil time.Time `json:"crash_until,omitzero"`
}

// Begin lets the remembered faults act on this start: it waits for SlowStart
// (ctx cuts the wait short) and returns ErrCrashLoop while CrashLoop lasts.
func (s *Switches) Begin(ctx context.Context) error {
	m, err := s.recall()
	if err != nil {
		return err
	}
	if time.Now().Before(m.CrashUntil) {
		return fmt.Errorf("start: %w until %s", ErrCrashLoop, m.CrashUntil.Format(time.RFC3339))
	}
	if m.SlowStart == "" {
		return nil
	}
	d, err := time.ParseDuration(m.SlowStart)
	if err != nil {
		return fmt.Errorf("read slow_start of %s: %w", s.file, err)
	}
	s.log.Warn("start is slow", "fault", SlowStart, "for", d)
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *Switches) recall() (memory, error) {
	var m memory
	b, err := os.ReadFile(s.file)
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	if err != nil {
		return m, fmt.Errorf("read the fault file: %w", err)
	}
	if err := json.Unmarshal(b, &m); err != nil {
		return m, fmt.Errorf("read the fault file %s: %w; delete it to start without faults", s.file, err)
	}
	return m, nil
}

// remember changes the fault file. The caller dies right after, so the file is
// replaced in one step.
func (s *Switches) remember(edit func(*memory)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, err := s.recall()
	if err != nil {
		return err
	}
	edit(&m)
	b, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("write the fault file: %w", err)
	}
	return replace(s.file, b)
}

func replace(path string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".fault-*")
	if err != nil {
		return fmt.Errorf("write the fault file: %w", err)
	}
	defer func() { _ = os.Remove(f.Name()) }() // gone already when the rename worked
	_, err = f.Write(b)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write the fault file: %w", err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("write the fault file: %w", err)
	}
	return nil
}

// Clear empties the fault file: the next start is healthy.
func (s *Switches) Clear() error {
	err := os.Remove(s.file)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return fmt.Errorf("clear the fault file: %w", err)
}
