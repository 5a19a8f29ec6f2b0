// Package service owns what both processes of the shop have in common: the
// settings file, the log, the two listeners, the bound on concurrent requests,
// the metrics and an orderly end. It does not know what the shop sells, and it
// leaves the faults to package fault.
//
// A Service is run by one goroutine; everything else of it is safe for use by
// several.
package service

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/homeostat/homeostat/examples/shop/fault"
)

// headerTimeout bounds how long a client may take to send its request's head.
const headerTimeout = 5 * time.Second

// Service is one process of the shop. New is the only way to one.
type Service struct {
	// Log is where the process logs.
	Log hclog.Logger
	// Metrics is what GET /metrics shows.
	Metrics *prometheus.Registry
	// Faults are the switches of this process.
	Faults *fault.Switches

	settings Settings
	logFile  *os.File
	ready    chan struct{}
	public   net.Listener
	admin    net.Listener
}

// New checks the settings and opens the log. The caller must Close the Service.
func New(name string, s Settings) (*Service, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	v := &Service{settings: s, ready: make(chan struct{}), Metrics: prometheus.NewRegistry()}
	v.Metrics.MustRegister(collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	out := os.Stderr
	if s.Log.File != "" {
		f, err := os.OpenFile(s.Path(s.Log.File), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
		if err != nil {
			return nil, fmt.Errorf("open the log: %w", err)
		}
		v.logFile, out = f, f
	}
	v.Log = hclog.New(&hclog.LoggerOptions{Name: name, Level: hclog.LevelFromString(s.Log.Level), Output: out})
	v.Faults = fault.Open(fault.Options{File: s.Path(s.Fault.File), Log: v.Log})
	return v, nil
}

// Close ends what Run may have left, faults first, and closes the log.
func (v *Service) Close() error {
	v.Faults.Close()
	if v.logFile == nil {
		return nil
	}
	return v.logFile.Close()
}

// Ready is closed when both listeners accept connections.
func (v *Service) Ready() <-chan struct{} { return v.ready }

// Addresses are those of the public and the admin listener. They are known from
// Ready on.
func (v *Service) Addresses() (public, admin string) {
	return v.public.Addr().String(), v.admin.Addr().String()
}

// Run serves pages on the public address, and metrics and fault switches on the
// admin address, until ctx ends; then open requests get the drain time. A
// remembered fault may make it late, or make it return fault.ErrCrashLoop.
func (v *Service) Run(ctx context.Context, pages http.Handler) error {
	if v.settings.Fault.Enabled {
		err := v.Faults.Begin(ctx)
		if err != nil && ctx.Err() != nil {
			return nil // asked to end before it had begun
		}
		if err != nil {
			return err
		}
	}
	if err := v.listen(); err != nil {
		return err
	}
	if d := v.settings.Fault.ErrorsAfter.Duration; d > 0 && v.settings.Fault.Enabled {
		late := time.AfterFunc(d, func() { _ = v.Faults.Inject(fault.Order{Name: fault.Errors}) }) // a known fault is never refused
		defer late.Stop()
	}
	public, admin := v.Addresses()
	servers := []*http.Server{v.server(v.guarded(pages)), v.server(v.adminPages())}
	ended := make(chan error, len(servers))
	go func() { ended <- servers[0].Serve(v.public) }() // ends with drain
	go func() { ended <- servers[1].Serve(v.admin) }()  // ends with drain
	close(v.ready)
	v.Log.Info("ready", "address", public, "admin", admin, "pid", os.Getpid())
	select {
	case <-ctx.Done():
		v.Log.Info("stopping", "drain", v.settings.Server.Drain)
		return v.drain(servers, ended)
	case err := <-ended:
		ended <- err
		return errors.Join(fmt.Errorf("serve: %w", err), v.drain(servers, ended))
	}
}

func (v *Service) listen() (err error) {
	if v.public, err = net.Listen("tcp", v.settings.Server.Listen); err != nil {
		return fmt.Errorf("open server.listen: %w", err)
	}
	if v.admin, err = net.Listen("tcp", v.settings.Server.Admin); err != nil {
		return errors.Join(fmt.Errorf("open server.admin: %w", err), v.public.Close())
	}
	return nil
}

func (v *Service) server(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: headerTimeout,
		ErrorLog:          v.Log.StandardLogger(&hclog.StandardLoggerOptions{ForceLevel: hclog.Warn}),
	}
}

// drain waits for both servers. Requests that take longer than the drain time
// are cut off, which is how a deadlocked shop still ends.
func (v *Service) drain(servers []*http.Server, ended <-chan error) error {
	ctx, cancel := context.WithTimeout(context.Background(), v.settings.Server.Drain.Duration)
	defer cancel()
	var problems []error
	for _, s := range servers {
		if err := s.Shutdown(ctx); err != nil {
			v.Log.Warn("open requests were cut off", "error", err)
			problems = append(problems, s.Close())
		}
	}
	for range servers {
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}

func (v *Service) adminPages() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(v.Metrics, promhttp.HandlerOpts{}))
	if v.settings.Fault.Enabled {
		mux.Handle("/", v.Faults.Handler())
	}
	return mux
}
