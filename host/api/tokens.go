package api

import (
	"context"
	"net/http"
	"time"

	"github.com/homeostat/homeostat/sdk/span"
)

// TokenInfo is what is shown of a token.
type TokenInfo struct {
	ID      string     `json:"id"`
	Name    string     `json:"name"`
	Role    string     `json:"role"`
	Created time.Time  `json:"created"`
	Expires *time.Time `json:"expires,omitempty"`
}

// NewToken is a fresh token with its secret text, shown this once.
type NewToken struct {
	TokenInfo
	Token string `json:"token"`
}

// TokenAdmin makes, lists and revokes tokens.
type TokenAdmin interface {
	CreateToken(ctx context.Context, name, role string, life time.Duration) (NewToken, error)
	ListTokens() []TokenInfo
	RevokeToken(ctx context.Context, id string) error
}

const tokensPath = "/api/v0/tokens"

func (s *Server) registerTokens() {
	admin := s.opt.Services.TokenAdmin
	handle(s, operation{method: http.MethodGet, path: tokensPath, summary: "tokens, without their secrets", role: RoleAdmin}, func(context.Context, *none) (List[TokenInfo], error) {
		return NewList(admin.ListTokens()), nil
	})
	type createIn struct {
		Body struct {
			Name string `json:"name" minLength:"1" maxLength:"100"`
			Role string `json:"role" enum:"reporter,viewer,agent,operator,admin"`
			For  string `json:"for,omitempty" doc:"life, for example 30d; without it the token does not expire"`
		}
	}
	handle(s, operation{method: http.MethodPost, path: tokensPath, summary: "make a token", role: RoleAdmin}, func(ctx context.Context, in *createIn) (NewToken, error) {
		var life time.Duration
		if in.Body.For != "" {
			given, err := span.Parse(in.Body.For)
			if err != nil || given <= 0 {
				return NewToken{}, &Problem{Status: http.StatusUnprocessableEntity, Detail: "for: " + in.Body.For + " is no length of time that is ahead", Hint: "write " + span.Form}
			}
			life = given
		}
		return admin.CreateToken(ctx, in.Body.Name, in.Body.Role, life)
	})
	handle(s, operation{method: http.MethodDelete, path: tokensPath + "/{id}", summary: "revoke a token", role: RoleAdmin}, func(ctx context.Context, in *idIn) (done, error) {
		return done{OK: true}, admin.RevokeToken(ctx, in.ID)
	})
}
