// Package scratch is the service that a drill changes and breaks: a small HTTP server on the loopback, whose one file
// says how it behaves.
//
// The program starts itself again as the service (Asked, Main). It is bounded: it listens on loopback addresses alone,
// and it ends when the drill does, however that ends, since it reads a pipe that the drill holds open. It keeps its
// state in one process and shares it under a mutex.
package scratch

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Name is the first argument that makes the program the service; the folder of its file, its address and the pipe follow.
const Name = "drill-service"

// File is the name of the service's file, in its folder.
const File = "service.json"

// Conduct is how the service behaves.
type Conduct string

// The conducts.
const (
	Well  Conduct = "well"  // it answers
	Ends  Conduct = "ends"  // it ends at once with an error
	Deaf  Conduct = "deaf"  // it listens on another port than it should
	Hangs Conduct = "hangs" // it accepts connections and never answers
	Fails Conduct = "fails" // it answers with an error
	Later Conduct = "later" // it answers well for some time, and then with an error
)

// Settings are the content of the file.
type Settings struct {
	// Version is shown by the service, so that it can be seen which file it has read.
	Version string  `json:"version"`
	Conduct Conduct `json:"conduct"`
	// AfterMillis is when Later begins to fail, counted from the start.
	AfterMillis int `json:"after_ms,omitempty"`
}

// Encode writes the settings as the file has them.
func (s Settings) Encode() string {
	data, err := json.Marshal(s)
	if err != nil {
		panic(err) // strings and a number always encode
	}
	return string(data) + "\n"
}

// Shown is what the service says of itself.
type Shown struct {
	Version string `json:"version"`
	PID     int    `json:"pid"`
	// Waiting is how many probes wait for an answer that does not come.
	Waiting int `json:"waiting"`
	// Answered counts the probes that were told that all is well.
	Answered int `json:"answered"`
}

// Arguments are those of a service, after the program's name.
func Arguments(dir, address, pipe string) []string { return []string{Name, dir, address, pipe} }

// Asked says whether this process was started as the service. Then main must do nothing but call Main.
func Asked() bool { return len(os.Args) > 1 && os.Args[1] == Name }

// Main serves until the drill ends, and returns the exit code.
func Main() int {
	const words = 5
	if len(os.Args) != words {
		fmt.Fprintln(os.Stderr, "this is a part of `homeostat drill`; it is not started by hand")
		return 2
	}
	if err := serve(os.Args[2], os.Args[3], os.Args[4]); err != nil {
		fmt.Fprintln(os.Stderr, "drill service:", err)
		return 1
	}
	return 0
}

type service struct {
	Settings
	started time.Time

	mu      sync.Mutex // guards what follows
	conduct Conduct
	shown   Shown
}

func serve(dir, address, pipe string) error {
	data, err := os.ReadFile(filepath.Join(dir, File))
	if err != nil {
		return err
	}
	s := &service{started: time.Now()}
	if err := json.Unmarshal(data, &s.Settings); err != nil {
		return fmt.Errorf("read %s: %w", File, err)
	}
	if s.Conduct == Ends {
		return errors.New("its file says that it ends")
	}
	s.conduct, s.shown = s.Conduct, Shown{Version: s.Version, PID: os.Getpid()}
	if s.conduct == Deaf {
		address = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	defer l.Close()
	if t, ok := l.Addr().(*net.TCPAddr); !ok || !t.IP.IsLoopback() {
		return fmt.Errorf("listen on %s: only loopback addresses are served", address)
	}
	held, err := os.Open(pipe)
	if err != nil {
		return err
	}
	over := make(chan error, 2)
	go func() { over <- untilClosed(held) }() // ends with the process
	go func() { over <- (&http.Server{Handler: s.handler(), ReadHeaderTimeout: time.Minute}).Serve(l) }()
	return <-over
}

// untilClosed returns when nobody holds the pipe open for writing any more.
func untilClosed(pipe *os.File) error {
	_, err := io.Copy(io.Discard, pipe)
	return errors.Join(err, pipe.Close())
}

func (s *service) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, r *http.Request) { s.answer(w, r) })
	mux.HandleFunc("GET /shown", func(w http.ResponseWriter, _ *http.Request) {
		s.mu.Lock()
		shown := s.shown
		s.mu.Unlock()
		_ = json.NewEncoder(w).Encode(shown) // the asker is gone
	})
	mux.HandleFunc("POST /become/{conduct}", func(_ http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.conduct = Conduct(r.PathValue("conduct"))
	})
	return mux
}

func (s *service) answer(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	conduct := s.conduct
	s.mu.Unlock()
	late := conduct == Later && time.Since(s.started) > time.Duration(s.AfterMillis)*time.Millisecond
	switch {
	case conduct == Hangs:
		s.count(&s.shown.Waiting, 1)
		<-r.Context().Done()
		s.count(&s.shown.Waiting, -1)
	case conduct == Fails, late:
		http.Error(w, "out of order, as its file says", http.StatusInternalServerError)
	default:
		s.count(&s.shown.Answered, 1)
		fmt.Fprintln(w, "well")
	}
}

// count adds to a field that the mutex guards.
func (s *service) count(field *int, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*field += n
}
