// Package api serves the HTTP interface of the daemon on a unix socket and, if
// told so, on TCP: reads, orders, approvals, server-sent events, health,
// readiness and metrics.
//
// It owns transport, identity, roles and the shapes of answers. It has no
// logic: what it shows and does comes from Services. A Server is made by New,
// run by Serve and stopped by Shutdown; its handlers run concurrently.
package api

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/hashicorp/go-hclog"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/homeostat/homeostat/host/api/hub"
	"github.com/homeostat/homeostat/host/api/quota"
)

// Bounds on what a client may send and how long it may take.
const (
	maxHeaderBytes = 64 << 10
	maxBodyBytes   = 1 << 20
	readTimeout    = 15 * time.Second
	idleTimeout    = 2 * time.Minute
)

// Base is the prefix of the healing endpoints.
const Base = "/api/v0/self-healing"

// Options are what a Server needs.
type Options struct {
	Log      hclog.Logger
	Version  string
	Services Services
	Metrics  prometheus.Gatherer
	// Answers is the page behind signed links, served under /answer/; nil for none.
	Answers http.Handler
	// Page serves GET / and /assets/, the dashboard; nil for none.
	Page http.Handler
	// UID is the daemon's own user.
	UID int
}

// Server is the HTTP interface.
type Server struct {
	opt    Options
	events *hub.Hub
	http   *http.Server
	api    huma.API
	// signIns bounds guesses.
	signIns *quota.Quota
}

// New builds the routes. It starts nothing.
func New(opt Options) *Server {
	s := &Server{opt: opt, events: hub.New(), signIns: quota.New()}
	mux := http.NewServeMux()
	cfg := huma.DefaultConfig("Homeostat", opt.Version)
	cfg.DocsPath = ""    // the page would load its viewer from the internet
	cfg.SchemasPath = "" // schemas are part of /openapi.json
	cfg.CreateHooks = nil
	cfg.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	cfg.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token": {Type: "http", Scheme: "bearer", Description: "hst_… from `homeostat token create`; not needed over the unix socket"},
	}
	s.api = humago.New(mux, cfg)
	s.api.UseMiddleware(s.authorize)
	s.registerDaemon()
	s.registerComponents()
	s.registerParameters()
	s.registerSearches()
	s.registerHealing()
	s.registerStrategies()
	s.registerLinks()
	s.registerChanges()
	s.registerSignals()
	s.registerAudit()
	s.registerTokens()
	s.registerSessions()
	s.registerEvents()
	s.registerNotify()
	s.registerAlerts()
	s.mountPages(mux)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", s.ready)
	mux.Handle("GET /metrics", s.requireRole(RoleViewer, promhttp.HandlerFor(opt.Metrics, promhttp.HandlerOpts{})))
	s.http = &http.Server{
		Handler:           s.guard(mux),
		ReadHeaderTimeout: readTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ConnContext:       rememberConn,
		ErrorLog:          opt.Log.StandardLogger(&hclog.StandardLoggerOptions{ForceLevel: hclog.Debug}),
	}
	return s
}

// mountPages serves what people look at.
func (s *Server) mountPages(mux *http.ServeMux) {
	if s.opt.Answers != nil {
		mux.Handle("/answer/", s.opt.Answers)
	}
	if s.opt.Page != nil {
		mux.Handle("GET /{$}", s.opt.Page)
		mux.Handle("GET /assets/", s.opt.Page)
	}
}

// Events returns the hub that feeds GET events.
func (s *Server) Events() *hub.Hub { return s.events }

// OpenAPI returns the description of the interface as JSON.
func (s *Server) OpenAPI() ([]byte, error) { return s.api.OpenAPI().MarshalJSON() }

// Serve answers on a listener until Shutdown. A non-nil certificate makes it
// speak TLS. It returns nil after Shutdown.
func (s *Server) Serve(l net.Listener, cert *tls.Certificate) error {
	if cert != nil {
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{*cert}, MinVersion: tls.VersionTLS12})
	}
	if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve the API on %s: %w", l.Addr(), err)
	}
	return nil
}

// Shutdown ends the event streams, waits for running requests until the
// context ends, then cuts them off.
func (s *Server) Shutdown(ctx context.Context) error {
	s.events.Close()
	if err := s.http.Shutdown(ctx); err != nil {
		if closeErr := s.http.Close(); closeErr != nil {
			return fmt.Errorf("cut off API requests: %w", closeErr)
		}
	}
	return nil
}

// guard bounds bodies and refuses requests that a foreign web page makes a
// browser send.
func (s *Server) guard(next http.Handler) http.Handler {
	bounded := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength > maxChangeBytes {
			http.Error(w, fmt.Sprintf("the body has %d bytes, at most %d are taken", r.ContentLength, maxChangeBytes), http.StatusRequestEntityTooLarge)
			return
		}
		w.Header().Set("X-Content-Type-Options", "nosniff")
		r.Body = http.MaxBytesReader(w, r.Body, maxChangeBytes) // operations have a narrower bound of their own
		next.ServeHTTP(w, r)
	})
	return http.NewCrossOriginProtection().Handler(bounded)
}

func (s *Server) ready(w http.ResponseWriter, _ *http.Request) {
	if err := s.opt.Services.Daemon.Ready(); err != nil {
		http.Error(w, "not ready: "+err.Error(), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ready")
}

// requireRole guards a plain handler.
func (s *Server) requireRole(role Role, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if id := s.identify(r); id.Role < role {
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, noAccess(id, role), statusFor(id))
			return
		}
		next.ServeHTTP(w, r)
	})
}

func statusFor(id Identity) int {
	if id.Role == RoleNone {
		return http.StatusUnauthorized
	}
	return http.StatusForbidden
}

func noAccess(id Identity, need Role) string {
	if id.Role == RoleNone {
		return "who are you? send a token (Authorization: Bearer hst_…, made by `homeostat token create`), use the unix socket, or sign in at / with a browser"
	}
	return fmt.Sprintf("%s has role %s, this needs %s", id.Name, id.Role, need)
}
