package main

import (
	"bytes"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"
)

// A scripted coordinator on plain HTTP/1.1 and, with a certificate, on TLS.
func runBackend(args []string) error {
	flags := flag.NewFlagSet("backend", flag.ContinueOnError)
	listen := flags.String("listen", "127.0.0.1:0", "where clients connect")
	tlsListen := flags.String("tls-listen", "", "where clients connect with TLS")
	certificate := flags.String("cert", "", "PEM of its certificate")
	key := flags.String("key", "", "PEM of its key")
	pageBytes := flags.Int("page-bytes", 600, "the size of a page, about")
	largeBytes := flags.Int("large-bytes", 16_000_000, "the size of the page of "+large)
	if err := flags.Parse(args); err != nil {
		return err
	}
	coordinator := newCoordinator(*pageBytes, *largeBytes)
	failed := make(chan error, 2)
	plain, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	go func() { failed <- serve(plain, coordinator, "http") }()
	if *tlsListen != "" {
		pair, err := tls.LoadX509KeyPair(*certificate, *key)
		if err != nil {
			return err
		}
		settings := &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{"http/1.1"}}
		secure, err := tls.Listen("tcp", *tlsListen, settings)
		if err != nil {
			return err
		}
		go func() { failed <- serve(secure, coordinator, "https") }()
	}
	fmt.Printf("listening on %s\n", plain.Addr())
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTERM, syscall.SIGINT)
	select {
	case err := <-failed:
		return err
	case <-asked:
		return nil
	}
}

func serve(listener net.Listener, c *coordinator, scheme string) error {
	for {
		client, err := listener.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer client.Close()
			serveClient(client, c, scheme)
		}()
	}
}

const mostRequestBytes = 2 << 20

// Answers one request after the other until the client closes, or sends what is no request.
func serveClient(client net.Conn, c *coordinator, scheme string) {
	buffer := make([]byte, 4096)
	from, until := 0, 0
	var out answer
	// The last request and the date of its answer, when that is the same as long as the request is.
	var repeated []byte
	var repeatedDate *dated
	for {
		if len(repeated) > 0 && bytes.HasPrefix(buffer[from:until], repeated) && repeatedDate == now() {
			from += len(repeated)
			if err := out.send(client); err != nil {
				return
			}
			continue
		}
		request, used, err := readRequest(buffer[from:until])
		if err != nil {
			fmt.Fprintf(os.Stderr, "refused: %v\n", err)
			client.Write([]byte("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"))
			return
		}
		if used == 0 {
			until = copy(buffer, buffer[from:until])
			from = 0
			if until == len(buffer) {
				if until > mostRequestBytes {
					return
				}
				buffer = append(buffer, make([]byte, until)...)
			}
			count, err := client.Read(buffer[until:])
			if count == 0 && err != nil {
				return
			}
			until += count
			continue
		}
		text := buffer[from : from+used]
		from += used
		if request.scheme == nil {
			request.scheme = []byte(scheme)
		}
		out.begin()
		c.answer(&request, &out)
		if err := out.send(client); err != nil || request.closes {
			return
		}
		repeated = repeated[:0]
		if out.repeats {
			repeated, repeatedDate = append(repeated, text...), now()
		}
	}
}

// A request of which only what matters to a coordinator was kept. Its parts are of the buffer that it was read from.
type request struct {
	method, path []byte
	// What links begin with: as the request was forwarded, else as it came.
	scheme, host, port, prefix []byte
	gzip                       bool
	closes                     bool
	length                     int
	body                       []byte
}

var errRequest = errors.New("not a request")

// Reads a request, and says how many bytes it has; none while it is not whole. Requests with a chunked body are refused:
// nobody who asks here sends one.
func readRequest(text []byte) (request, int, error) {
	var r request
	end := bytes.Index(text, []byte("\r\n\r\n"))
	if end < 0 {
		return r, 0, nil
	}
	line, rest, _ := bytes.Cut(text[:end+2], []byte("\r\n"))
	method, target, found := bytes.Cut(line, []byte(" "))
	path, version, foundToo := bytes.Cut(target, []byte(" "))
	if !found || !foundToo || string(version) != "HTTP/1.1" || len(path) == 0 || path[0] != '/' {
		return r, 0, fmt.Errorf("%w: %.80q", errRequest, line)
	}
	if query := bytes.IndexByte(path, '?'); query >= 0 {
		path = path[:query]
	}
	r.method, r.path = method, path
	var forwardedHost []byte
	for len(rest) > 0 {
		line, rest, _ = bytes.Cut(rest, []byte("\r\n"))
		colon := bytes.IndexByte(line, ':')
		if colon < 1 {
			return r, 0, fmt.Errorf("%w: %.80q", errRequest, line)
		}
		if err := r.add(line[:colon], bytes.TrimSpace(line[colon+1:]), &forwardedHost); err != nil {
			return r, 0, err
		}
	}
	if len(forwardedHost) > 0 {
		r.host = forwardedHost
	}
	if len(r.host) == 0 {
		return r, 0, fmt.Errorf("%w: no host", errRequest)
	}
	if bytes.IndexByte(r.host, ':') >= 0 {
		r.port = nil
	}
	whole := end + 4 + r.length
	if len(text) < whole {
		return r, 0, nil
	}
	r.body = text[end+4 : whole]
	return r, whole, nil
}

func (r *request) add(name, value []byte, forwardedHost *[]byte) error {
	is := func(expected string) bool { return bytes.EqualFold(name, []byte(expected)) }
	switch len(name) {
	case len("host"):
		if is("host") {
			r.host = value
		}
	case len("connection"):
		if is("connection") {
			r.closes = bytes.EqualFold(value, []byte("close"))
		}
	case len("content-length"):
		if is("content-length") {
			length, ok := number(value, 10)
			if !ok || length > mostRequestBytes {
				return fmt.Errorf("%w: length %.20q", errRequest, value)
			}
			r.length = int(length)
		}
	case len("accept-encoding"):
		if is("accept-encoding") {
			r.gzip = bytes.Contains(value, []byte("gzip"))
		}
	case len("x-forwarded-host"):
		if is("x-forwarded-host") {
			*forwardedHost = value
		} else if is("x-forwarded-port") {
			r.port = value
		}
	case len("x-forwarded-proto"):
		if is("x-forwarded-proto") {
			r.scheme = value
		} else if is("transfer-encoding") {
			return fmt.Errorf("%w: transfer-encoding %.20q", errRequest, value)
		}
	case len("x-forwarded-prefix"):
		if is("x-forwarded-prefix") {
			r.prefix = value
		}
	}
	return nil
}

// Appends what links begin with.
func (r *request) origin(to []byte) []byte {
	to = append(append(to, r.scheme...), "://"...)
	to = append(to, r.host...)
	if len(r.port) > 0 {
		to = append(append(to, ':'), r.port...)
	}
	return append(to, r.prefix...)
}
