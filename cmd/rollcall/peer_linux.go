package main

import (
	"errors"
	"fmt"
	"net"
	"syscall"
)

// peerUID is the user whose process is at the other end, as the kernel noted it when the process connected (unix(7),
// SO_PEERCRED).
func peerUID(conn net.Conn) (int, error) {
	c, ok := conn.(*net.UnixConn)
	if !ok {
		return 0, errors.New("socket: not a unix socket: it cannot be known who asks")
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, fmt.Errorf("socket: %w", err)
	}
	var cred *syscall.Ucred
	var cerr error
	if err := raw.Control(func(fd uintptr) {
		cred, cerr = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	}); err != nil {
		return 0, fmt.Errorf("socket: %w", err)
	}
	if cerr != nil {
		return 0, fmt.Errorf("socket: who asks cannot be known: %w", cerr)
	}
	return int(cred.Uid), nil
}
