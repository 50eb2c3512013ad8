package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/valyala/fasthttp"
)

// A body of any size passes through a memory of fixed size, in both directions.
func TestLargeBodies(t *testing.T) {
	if raceEnabled || testing.Short() {
		t.Skip("moves two GiB")
	}
	const size, most = 1 << 30, 4 << 20
	b := startBackend(t, func(ctx *fasthttp.RequestCtx) {
		n, err := io.Copy(io.Discard, requestBody(ctx))
		if err != nil {
			return
		}
		ctx.Response.Header.Set("X-Received", strconv.FormatInt(n, 10))
		ctx.SetBodyStream(io.LimitReader(zeros{}, int64(ctx.QueryArgs().GetUintOrZero("bytes"))), -1)
	})
	p := startProxy(t, "backends: [http://"+b.addr+"]")
	transfer := func(up, down int64) {
		url := fmt.Sprintf("%s?bytes=%d", p.url("/"), down)
		req, err := http.NewRequest("PUT", url, io.LimitReader(zeros{}, up))
		require.NoError(t, err)
		req.ContentLength = up
		resp, err := admin.Do(req)
		require.NoError(t, err)
		defer resp.Body.Close()
		require.Equal(t, strconv.FormatInt(up, 10), resp.Header.Get("X-Received"))
		n, err := io.Copy(io.Discard, resp.Body)
		require.NoError(t, err)
		require.Equal(t, down, n)
	}

	transfer(1<<20, 1<<20) // what every proxy needs once
	before := p.memoryPeak()
	transfer(0, size)
	require.Less(t, p.memoryPeak(), before+most, "a download")
	before = p.memoryPeak()
	transfer(size, 0)
	require.Less(t, p.memoryPeak(), before+most, "an upload")
	t.Logf("peak %d KiB", p.memoryPeak()>>10)
}

// zeros is a source of bytes without end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func requestBody(ctx *fasthttp.RequestCtx) io.Reader {
	if body := ctx.RequestBodyStream(); body != nil {
		return body
	}
	return http.NoBody
}

var peakLine = regexp.MustCompile(`VmHWM:\s*(\d+) kB`)

// memoryPeak returns the most bytes of memory that the process had so far.
func (p *process) memoryPeak() int {
	p.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		p.t.Skip("needs /proc")
	}
	found := peakLine.FindSubmatch(status)
	require.NotNil(p.t, found, "%s", status)
	kib, err := strconv.Atoi(string(found[1]))
	require.NoError(p.t, err)
	return kib << 10
}
