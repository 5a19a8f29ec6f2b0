package api

import (
	"context"
	"errors"
	"net/http"
	"path"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// Keys of an operation's metadata: the role that it needs, and one that may do
// this beside all that it may not.
const (
	roleKey = "role"
	alsoKey = "also"
)

// authorize wants the role that the operation asks for.
func (s *Server) authorize(ctx huma.Context, next func(huma.Context)) {
	r, w := humagoUnwrap(ctx)
	w.Header().Set("Cache-Control", "no-store")
	id := s.identify(r)
	need, ok := ctx.Operation().Metadata[roleKey].(Role)
	if !ok {
		need = RoleAdmin
	}
	also, _ := ctx.Operation().Metadata[alsoKey].(Role)
	if id.Role < need && (also == RoleNone || id.Role != also) {
		w.Header().Set("WWW-Authenticate", "Bearer")
		if err := huma.WriteErr(s.api, ctx, statusFor(id), noAccess(id, need)); err != nil {
			s.opt.Log.Debug("refusal could not be sent", "error", err)
		}
		return
	}
	next(huma.WithValue(huma.WithValue(ctx, actorKey{}, id), requestKey{}, r))
}

// operation describes one endpoint.
type operation struct {
	method, path, summary string
	role                  Role
	// also is a role that may do this though it is below; RoleNone for none.
	also Role
	// maxBody bounds the body in bytes; 0 means maxBodyBytes.
	maxBody int64
}

func (o operation) huma() huma.Operation {
	id := strings.ToLower(o.method) + strings.NewReplacer("/api/v0", "", "/", "-", "{", "", "}", "").Replace(o.path)
	limit := o.maxBody
	if limit == 0 {
		limit = maxBodyBytes
	}
	return huma.Operation{
		OperationID:  id,
		Method:       o.method,
		Path:         o.path,
		Summary:      o.summary,
		MaxBodyBytes: limit,
		Security:     []map[string][]string{{"token": {}}},
		Metadata:     map[string]any{roleKey: o.role, alsoKey: o.also},
	}
}

// schemaName names a type in the description of the interface. Records of changes have words that the API's own types
// have too; those go by the name of their package as well.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	room, ok := strings.CutPrefix(t.PkgPath(), "github.com/homeostat/homeostat/host/")
	if !ok || room == "api" || t.Name() == "" {
		return name
	}
	room = path.Base(room)
	return strings.ToUpper(room[:1]) + room[1:] + name
}

type body[T any] struct{ Body T }

// handle registers an endpoint whose answer is the value that fn returns.
func handle[In, Out any](s *Server, o operation, fn func(context.Context, *In) (Out, error)) {
	huma.Register(s.api, o.huma(), func(ctx context.Context, in *In) (*body[Out], error) {
		out, err := fn(ctx, in)
		if err != nil {
			return nil, asProblem(err)
		}
		return &body[Out]{Body: out}, nil
	})
}

// get registers a read for viewers.
func get[In, Out any](s *Server, path, summary string, fn func(context.Context, *In) (Out, error)) {
	handle(s, operation{method: http.MethodGet, path: path, summary: summary, role: RoleViewer}, fn)
}

// post registers an order for operators.
func post[In, Out any](s *Server, path, summary string, fn func(context.Context, *In) (Out, error)) {
	handle(s, operation{method: http.MethodPost, path: path, summary: summary, role: RoleOperator}, fn)
}

// asProblem maps errors to RFC 9457 problems.
func asProblem(err error) error {
	var p *Problem
	if !errors.As(err, &p) {
		return huma.NewError(http.StatusInternalServerError, err.Error())
	}
	model := &huma.ErrorModel{Status: p.Status, Title: http.StatusText(p.Status), Detail: p.Error()}
	if p.Rule != "" {
		model.Type = "homeostat:refusal:" + p.Rule
	}
	if p.RetryAfter <= 0 {
		return model
	}
	seconds := strconv.Itoa(int(p.RetryAfter.Seconds()) + 1)
	return huma.ErrorWithHeaders(model, http.Header{"Retry-After": {seconds}})
}

type none struct{}

// done is the answer of an order that has nothing to tell.
type done struct {
	OK   bool   `json:"ok"`
	Text string `json:"text,omitempty"`
}
