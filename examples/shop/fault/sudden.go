package fault

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// crash leaves no chance to clean up, as the kernel's out-of-memory killer does.
func (s *Switches) crash(Order) error { return raise(syscall.SIGKILL) }

func (s *Switches) exit(Order) error {
	os.Exit(0)
	return nil
}

// hang stops the process as a whole, so that the kernel still accepts
// connections for it and nobody ever answers them. Whoever continues the process
// has ended the fault, so it does not count as on: it can be injected again.
func (s *Switches) hang(Order) error {
	s.mu.Lock()
	delete(s.on, Hang)
	s.mu.Unlock()
	return raise(syscall.SIGSTOP)
}

// ignoreTerm also undoes the signal handler of the service's own main.
func (s *Switches) ignoreTerm(Order) error {
	signal.Ignore(syscall.SIGTERM)
	return nil
}

// crashLoop writes down until when every start fails, then dies at once.
func (s *Switches) crashLoop(o Order) error {
	err := s.remember(func(m *memory) { m.CrashUntil = time.Now().Add(o.For) })
	if err != nil {
		return err
	}
	return raise(syscall.SIGKILL)
}

func (s *Switches) slowStart(o Order) error {
	return s.remember(func(m *memory) { m.SlowStart = o.For.String() })
}

func raise(sig syscall.Signal) error {
	if err := syscall.Kill(os.Getpid(), sig); err != nil {
		return fmt.Errorf("send %s to the own process: %w", sig, err)
	}
	return nil
}
