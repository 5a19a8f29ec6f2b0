package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/homeostat/homeostat/host/api/quota"
)

const sessionPath = "/api/v0/session"

// Sessions keep who is signed in with a browser.
type Sessions interface {
	// BeginSession makes a session and returns the secret for its cookie.
	BeginSession(ctx context.Context, id Identity) (secret string, until time.Time, err error)
	// FindSession returns who signed in, by the name of the identity.
	FindSession(secret string) (name string, until time.Time, ok bool)
	EndSession(ctx context.Context, secret string) error
}

// Session is who asks, and what they may do.
type Session struct {
	Name    string     `json:"name" doc:"as in the audit log"`
	Role    string     `json:"role" enum:"none,reporter,viewer,agent,operator,admin"`
	Expires *time.Time `json:"expires,omitempty" doc:"when a browser has to sign in again"`
}

// Names of the cookie. The prefix makes browsers refuse it without TLS, from
// other hosts, and with another path.
const (
	cookieName    = "homeostat"
	tlsCookieName = "__Host-homeostat"
)

func cookieFor(r *http.Request, secret string) http.Cookie {
	c := http.Cookie{Name: cookieName, Value: secret, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode}
	if r.TLS != nil {
		c.Name, c.Secure = tlsCookieName, true
	}
	return c
}

// secretOf returns what the cookie of a request holds, empty without one.
func secretOf(r *http.Request) string {
	c, err := r.Cookie(cookieFor(r, "").Name)
	if err != nil {
		return ""
	}
	return c.Value
}

// signedIn finds out who sits at the browser that sent a request. The token is
// asked for each time, so that a session ends with it.
func (s *Server) signedIn(r *http.Request) Identity {
	secret := secretOf(r)
	if secret == "" {
		return Identity{}
	}
	name, _, ok := s.opt.Services.Sessions.FindSession(secret)
	if !ok {
		return Identity{}
	}
	id, _ := s.opt.Services.Tokens.Known(name)
	return id
}

type requestKey struct{}

// requestOf returns the request behind an operation.
func requestOf(ctx context.Context) *http.Request {
	r, _ := ctx.Value(requestKey{}).(*http.Request)
	return r
}

// cookied is an answer that sets the cookie.
type cookied[T any] struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
	Body      T
}

func (s *Server) registerSessions() {
	type signInIn struct {
		Body struct {
			Token string `json:"token" minLength:"1" maxLength:"256" doc:"hst_…"`
		}
	}
	in := operation{method: http.MethodPost, path: sessionPath, summary: "sign in with a browser: a token against a cookie", role: RoleNone}.huma()
	in.Security = []map[string][]string{}
	huma.Register(s.api, in, func(ctx context.Context, in *signInIn) (*cookied[Session], error) {
		out, err := s.signIn(ctx, in.Body.Token)
		if err != nil {
			return nil, asProblem(err)
		}
		return out, nil
	})
	look := operation{method: http.MethodGet, path: sessionPath, summary: "who asks, and what they may do; role none for a stranger", role: RoleNone}
	handle(s, look, func(ctx context.Context, _ *none) (Session, error) {
		id, _ := ctx.Value(actorKey{}).(Identity)
		out := Session{Name: id.Name, Role: id.Role.String()}
		if secret := secretOf(requestOf(ctx)); secret != "" {
			if name, until, ok := s.opt.Services.Sessions.FindSession(secret); ok && name == id.Name {
				out.Expires = &until
			}
		}
		return out, nil
	})
	o := operation{method: http.MethodDelete, path: sessionPath, summary: "sign out", role: RoleViewer}.huma()
	huma.Register(s.api, o, func(ctx context.Context, _ *none) (*cookied[done], error) {
		r := requestOf(ctx)
		if err := s.opt.Services.Sessions.EndSession(ctx, secretOf(r)); err != nil {
			return nil, asProblem(err)
		}
		gone := cookieFor(r, "")
		gone.MaxAge = -1
		return &cookied[done]{SetCookie: gone, Body: done{OK: true}}, nil
	})
}

func (s *Server) signIn(ctx context.Context, token string) (*cookied[Session], error) {
	r := requestOf(ctx)
	if wait := s.signIns.Wait(quota.Peer(r.RemoteAddr), time.Now()); wait > 0 {
		return nil, &Problem{Status: http.StatusTooManyRequests, Detail: "too many attempts to sign in from this address", Hint: "wait a minute", RetryAfter: wait}
	}
	id, ok := s.opt.Services.Tokens.Lookup(token)
	if !ok {
		return nil, &Problem{
			Status: http.StatusUnauthorized, Detail: "this token is not known: it is mistyped, revoked or expired",
			Hint: "the first one is in the file admin-token of the state folder; `homeostat token create` makes another",
		}
	}
	if id.Role < RoleViewer {
		return nil, &Problem{Status: http.StatusForbidden, Detail: "a token of role " + id.Role.String() + " has nothing to look at", Hint: "make one with `homeostat token create --role viewer`"}
	}
	secret, until, err := s.opt.Services.Sessions.BeginSession(ctx, id)
	if err != nil {
		return nil, err
	}
	cookie := cookieFor(r, secret)
	cookie.Expires = until
	return &cookied[Session]{SetCookie: cookie, Body: Session{Name: id.Name, Role: id.Role.String(), Expires: &until}}, nil
}
