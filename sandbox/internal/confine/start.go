package confine

import (
	"errors"
	"os"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// nobody is the uid and gid of a worker that a root daemon starts, as on Debian.
const nobody = 65534

// namespaces are what a worker gets of its own. An empty network namespace has not
// even a loopback that is up. There is no process namespace: setting Landlock on
// all threads looks for them under /proc/<pid>, which would be another process's,
// and a guest may neither start processes nor signal any.
const namespaces = syscall.CLONE_NEWNET | syscall.CLONE_NEWIPC | syscall.CLONE_NEWUTS | syscall.CLONE_NEWNS

// Rung is one step of the ladder of what the kernel lets the parent ask for.
type Rung struct {
	Namespaces bool
	OtherUser  bool
}

// ladder is tried from the top. Containers often forbid the first.
var ladder = []Rung{{true, true}, {false, true}, {}}

var rung atomic.Int32

// Current returns the rung at which workers start now.
func Current() Rung { return ladder[rung.Load()] }

// StepDown goes to the next rung when a start failed for want of rights. It
// reports false when err has another cause or there is nothing left to give up.
func StepDown(from Rung, err error) bool {
	refused := false
	for _, e := range []error{unix.EPERM, unix.EACCES, unix.EINVAL, unix.ENOSPC, unix.EUSERS, unix.ENOSYS} {
		refused = refused || errors.Is(err, e)
	}
	for i, r := range ladder {
		if r == from && refused && i+1 < len(ladder) {
			rung.CompareAndSwap(int32(i), int32(i+1))
			return true
		}
	}
	return false
}

// Attributes returns how to start a worker at rung r: in a session of its own (so
// that one signal reaches all of it), killed with the thread that started it, and
// with what the rung has. A root daemon's worker becomes nobody and keeps one
// capability, reading files of any owner: a check must see what the daemon
// manages, and Landlock bounds it to the declared root.
func Attributes(r Rung) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
	root := os.Geteuid() == 0
	if r.Namespaces {
		attr.Cloneflags = namespaces
		if !root {
			attr.Cloneflags |= syscall.CLONE_NEWUSER
			attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: os.Geteuid(), HostID: os.Geteuid(), Size: 1}}
			attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getegid(), HostID: os.Getegid(), Size: 1}}
		}
	}
	if r.OtherUser && root {
		attr.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
		attr.AmbientCaps = []uintptr{unix.CAP_DAC_READ_SEARCH}
	}
	return attr
}

// NoteStart adds to s what the start at rung r achieved.
func (r Rung) NoteStart(s *Status) {
	var missing error
	if !r.Namespaces {
		missing = errors.New("the kernel refused new namespaces to this process")
	}
	s.Note(Namespaces, missing)
	missing = nil
	switch {
	case os.Geteuid() != 0:
		missing = errors.New("only a daemon that runs as root can give its workers another uid")
	case !r.OtherUser:
		missing = errors.New("the kernel refused another uid to this process")
	}
	s.Note(OtherUser, missing)
}

// WorkerOwner returns the uid and gid that own what a worker may write, or -1 when
// workers run as the daemon's own user.
func WorkerOwner(r Rung) (uid, gid int) {
	if r.OtherUser && os.Geteuid() == 0 {
		return nobody, nobody
	}
	return -1, -1
}
