package service

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

// Program is what a shop process adds to a Service.
type Program interface {
	// Defaults returns a pointer to the settings to use where the file is silent.
	Defaults() any
	// Common returns a pointer to those among them that every process has.
	Common() *Settings
	// Check finds wrong values among the program's own settings.
	Check() error
	// Open returns the public pages; close ends what they hold.
	Open(v *Service) (pages http.Handler, close func() error, err error)
}

// Exit codes of a shop process.
const (
	exitOK    = 0
	exitError = 1
	exitUsage = 2
)

// Main runs a program by its command line, `NAME --config FILE [--check]`,
// until SIGTERM or SIGINT and returns the exit code: 0 after an orderly end, 1
// when it could not run, 2 for a wrong command line or settings file.
func Main(name string, p Program) int {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	path := flags.String("config", name+".toml", "the settings `file`; written with defaults when there is none")
	checkOnly := flags.Bool("check", false, "check the settings file and exit")
	if err := flags.Parse(os.Args[1:]); err != nil {
		return exitUsage
	}
	err := Load(*path, p.Defaults())
	if err == nil {
		err = errors.Join(p.Common().Check(), p.Check())
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		return exitUsage
	}
	if *checkOnly {
		return exitOK
	}
	p.Common().Folder = filepath.Dir(*path)
	if err := serve(name, p); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		return exitError
	}
	return exitOK
}

func serve(name string, p Program) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	v, err := New(name, *p.Common())
	if err != nil {
		return err
	}
	pages, closePages, err := p.Open(v)
	if err != nil {
		return errors.Join(err, v.Close())
	}
	return errors.Join(v.Run(ctx, pages), closePages(), v.Close())
}
