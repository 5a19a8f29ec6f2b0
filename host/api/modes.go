package api

import (
	"context"
	"net/http"
)

type modeBody struct {
	Mode string `json:"mode" enum:"manual,supervised,automated,learning"`
}

// OwnMode is a component's own mode.
type OwnMode struct {
	Mode string `json:"own" enum:"manual,supervised,automated,learning"`
	Wins bool   `json:"wins,omitempty" doc:"it holds even where the daemon's mode is stricter"`
}

// ComponentMode is the mode of a component that has one of its own.
type ComponentMode struct {
	Component string `json:"component"`
	Mode      string `json:"mode" doc:"the one in force: the stricter of the daemon's and its own, unless its own wins"`
	Live      bool   `json:"live" doc:"set live, beyond what the configuration says"`
	OwnMode
}

// Modes are the daemon's mode and those of components that have one of their
// own.
type Modes struct {
	Mode       string          `json:"mode" enum:"manual,supervised,automated,learning"`
	Live       bool            `json:"live" doc:"set live, whatever the configuration says"`
	Configured string          `json:"configured" enum:"manual,supervised,automated,learning" doc:"healing.mode of the configuration"`
	Components []ComponentMode `json:"components"`
}

func (s *Server) registerModes() {
	d := s.opt.Services.Daemon
	get(s, Base+"/mode", "the healing modes", func(context.Context, *none) (Modes, error) { return d.Modes(), nil })
	type modeIn struct{ Body modeBody }
	handle(s, operation{method: http.MethodPut, path: Base + "/mode", summary: "change the healing mode", role: RoleOperator}, func(ctx context.Context, in *modeIn) (modeBody, error) {
		return in.Body, d.SetMode(ctx, in.Body.Mode)
	})
	handle(s, operation{method: http.MethodDelete, path: Base + "/mode", summary: "give the daemon back the mode of the configuration", role: RoleOperator}, func(ctx context.Context, _ *none) (Modes, error) {
		if err := d.SetMode(ctx, ""); err != nil {
			return Modes{}, err
		}
		return d.Modes(), nil
	})
	type ownIn struct {
		Name string `path:"name" maxLength:"63"`
		Body struct {
			Mode string `json:"mode" enum:"manual,supervised,automated,learning"`
			Wins bool   `json:"wins,omitempty" doc:"let it hold even where the daemon's mode is stricter"`
		}
	}
	own := operation{method: http.MethodPut, path: Base + "/components/{name}/mode", summary: "give a component a mode of its own", role: RoleOperator}
	handle(s, own, func(ctx context.Context, in *ownIn) (Modes, error) {
		if err := d.SetOwnMode(ctx, in.Name, OwnMode{Mode: in.Body.Mode, Wins: in.Body.Wins}); err != nil {
			return Modes{}, err
		}
		return d.Modes(), nil
	})
	unset := operation{method: http.MethodDelete, path: Base + "/components/{name}/mode", summary: "give a component back the mode of the configuration", role: RoleOperator}
	handle(s, unset, func(ctx context.Context, in *nameIn) (Modes, error) {
		if err := d.SetOwnMode(ctx, in.Name, OwnMode{}); err != nil {
			return Modes{}, err
		}
		return d.Modes(), nil
	})
}
