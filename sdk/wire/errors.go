package wire

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// What callers decide upon. A deadline that passed is
// context.DeadlineExceeded, a cancelled call context.Canceled.
var (
	// ErrGone means that the plugin's process or its connection is lost.
	ErrGone = errors.New("the plugin is gone")
	// ErrUnsupported means that the plugin does not have the ability.
	ErrUnsupported = errors.New("the plugin does not support this")
	// ErrTooLarge means that a message or an answer was beyond its limit.
	ErrTooLarge = errors.New("larger than allowed")
)

// PluginError is an error that the plugin's own code returned.
type PluginError struct{ Text string }

// Error returns the plugin's text.
func (e *PluginError) Error() string { return "the plugin answered: " + e.Text }

// StateRefused says why a plugin did not take its saved state.
type StateRefused struct{ Reason string }

// Error returns the plugin's reason.
func (e *StateRefused) Error() string { return "the plugin refused its saved state: " + e.Reason }

// fromStatus turns the error of a call into one of this file's; nil stays nil.
func fromStatus(call string, err error) error {
	if err == nil {
		return nil
	}
	s := status.Convert(err)
	switch s.Code() {
	case codes.DeadlineExceeded:
		return fmt.Errorf("%s: %w", call, context.DeadlineExceeded)
	case codes.Canceled:
		return fmt.Errorf("%s: %w", call, context.Canceled)
	case codes.Unavailable:
		return fmt.Errorf("%s: %w", call, ErrGone)
	case codes.Unimplemented:
		return fmt.Errorf("%s: %w", call, ErrUnsupported)
	case codes.ResourceExhausted:
		return fmt.Errorf("%s: %w: %s", call, ErrTooLarge, s.Message())
	}
	return fmt.Errorf("%s: %w", call, &PluginError{Text: s.Message()})
}

// maxErrorText bounds the text of an error that crosses the border.
const maxErrorText = 4096

// ToStatus turns the error of a plugin's code into one that travels.
func ToStatus(err error) error {
	if err == nil {
		return nil
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return status.Error(codes.DeadlineExceeded, "the deadline passed")
	case errors.Is(err, context.Canceled):
		return status.Error(codes.Canceled, "cancelled")
	}
	message := text(err.Error())
	if len(message) > maxErrorText {
		message = text(message[:maxErrorText])
	}
	return status.Error(codes.Unknown, message)
}

// Unsupported is the answer to a call that the plugin has no code for.
func Unsupported(ability string) error {
	return status.Error(codes.Unimplemented, "no "+ability)
}
