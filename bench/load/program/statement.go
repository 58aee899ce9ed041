package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
)

const (
	// A statement that runs until it is cancelled.
	endless = "SELECT endless"
	// A statement with one large page.
	large = "SELECT large"
)

var nextURI = []byte(`"nextUri":"`)

// The bytes of a request.
func (t *target) request(method, path, body string) []byte {
	text := method + " " + path + " HTTP/1.1\r\nHost: " + t.authority +
		"\r\nX-Trino-User: bench\r\nX-Trino-Source: bench\r\nUser-Agent: bench\r\n"
	if t.gzip {
		text += "Accept-Encoding: gzip\r\n"
	}
	if method == "POST" {
		text += "Content-Type: text/plain; charset=utf-8\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n"
	}
	return []byte(text + "\r\n" + body)
}

// The path of the next page by the head of one; empty behind the last.
func (c *connection) nextPath(text []byte) (string, error) {
	if c.to.gzip {
		reader, err := gzip.NewReader(bytes.NewReader(text))
		if err != nil {
			return "", err
		}
		if text, err = io.ReadAll(reader); err != nil {
			return "", err
		}
	}
	if !bytes.HasPrefix(text, []byte(`{"id":"`)) || text[len(text)-1] != '}' {
		return "", fmt.Errorf("an answer is no page: %.100q", text)
	}
	at := bytes.Index(text[:min(len(text), 4096)], nextURI)
	if at < 0 {
		if bytes.Contains(text, []byte(`"error":{`)) {
			return "", fmt.Errorf("a query failed: %.1000s", text)
		}
		return "", nil
	}
	text = text[at+len(nextURI):]
	end := bytes.IndexByte(text, '"')
	link, err := url.Parse(string(text[:max(0, end)]))
	if err != nil || link.Path == "" {
		return "", fmt.Errorf("a link is %.100q", text)
	}
	return link.RequestURI(), nil
}

// Submits a statement; the path of its first page.
func (c *connection) submit(statement string) (string, error) {
	if err := c.ask(c.to.request("POST", "/v1/statement", statement), nil); err != nil {
		return "", err
	}
	path, err := c.nextPath(c.text)
	if err == nil && path == "" {
		err = errors.New("a statement ends with its submission")
	}
	return path, err
}

// Submits a statement and asks for a page, which is left in c.text: the first that a statement has when it runs.
func (c *connection) runningPage(statement string) (path string, err error) {
	path, err = c.submit(statement)
	for err == nil && path != "" {
		if err = c.ask(c.to.request("GET", path, ""), nil); err != nil {
			break
		}
		if bytes.Contains([]byte(path), []byte("/executing/")) {
			return path, nil
		}
		path, err = c.nextPath(c.text)
	}
	if err == nil {
		err = errors.New("a statement ends before it runs")
	}
	return "", err
}

// Runs a statement to its end.
func (c *connection) runQuery(statement string) error {
	path, err := c.submit(statement)
	for err == nil && path != "" {
		if err = c.ask(c.to.request("GET", path, ""), nil); err == nil {
			path, err = c.nextPath(c.text)
		}
	}
	return err
}

func (c *connection) cancel(path string) error {
	return c.ask(c.to.request("DELETE", path, ""), nil)
}
