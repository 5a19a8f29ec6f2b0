package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// humagoUnwrap returns the request and the writer behind a huma context.
func humagoUnwrap(ctx huma.Context) (*http.Request, http.ResponseWriter) { return humago.Unwrap(ctx) }

func eventResponses() map[string]*huma.Response {
	return map[string]*huma.Response{"200": {
		Description: "topics: component, anomaly, incident, recovery, approval, plugin, mode; data is the item as JSON",
		Content:     map[string]*huma.MediaType{"text/event-stream": {Schema: &huma.Schema{Type: huma.TypeString}}},
	}}
}

// registerStream registers an endpoint that writes its answer itself.
func registerStream(s *Server, o huma.Operation, run func(context.Context, http.ResponseWriter)) {
	huma.Register(s.api, o, func(context.Context, *none) (*huma.StreamResponse, error) {
		return &huma.StreamResponse{Body: func(ctx huma.Context) {
			r, w := humagoUnwrap(ctx)
			run(r.Context(), w)
		}}, nil
	})
}
