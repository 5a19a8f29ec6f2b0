package app

import (
	"context"
	"time"

	"github.com/homeostat/homeostat/host/api"
)

// sessionService is api.Sessions.
type sessionService struct{ app *App }

// BeginSession signs a browser in, once that is in the audit log.
func (s sessionService) BeginSession(_ context.Context, id api.Identity) (string, time.Time, error) {
	if err := s.app.record(id.Name, "session.begin", map[string]any{"role": id.Role.String()}); err != nil {
		return "", time.Time{}, err
	}
	secret, made, err := s.app.sessions.Begin(id.Name, time.Now())
	return secret, made.Expires, err
}

// FindSession returns who a secret was given to.
func (s sessionService) FindSession(secret string) (string, time.Time, bool) {
	found, ok := s.app.sessions.Find(secret, time.Now())
	return found.Who, found.Expires, ok
}

// EndSession signs a browser out.
func (s sessionService) EndSession(ctx context.Context, secret string) error {
	if err := s.app.sessions.End(secret); err != nil {
		return err
	}
	return s.app.record(api.Actor(ctx), "session.end", nil)
}
