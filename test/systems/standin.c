/*
 * Stands in for CPython on Windows: a library with a runtime state of the same form, and a loop that looks for
 * requests as the interpreter does. Everything that happens is appended to the file named by STANDIN_REPORT, a line
 * each. STANDIN_TEMP becomes its folder for temporary files, which Wine does not take over. What is built depends on the macros: STANDIN_LIBRARY makes python315.dll, STANDIN_PROGRAM the program for it;
 * both make a program with the runtime in itself. STANDIN_OLD makes a Python 3.11, which has no table.
 */
#include <winsock2.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#ifdef STANDIN_LIBRARY

#define STOP_BIT 0x20
#define PORT_MARK "# port "
#define TOKEN_MARK "# token "

typedef struct Thread Thread;
typedef struct Interpreter Interpreter;

/* `bound` and `bound_gilstate` of cpython/pystate.h: a thread that is in this interpreter. */
#define BOUND 0xA

/* In CPython, too, thread numbers are `unsigned long`: 4 bytes on Windows. */
struct Thread {
  Thread *prev, *next;
  Interpreter *interpreter;
  volatile uint64_t eval_breaker;
  uint32_t status;
  unsigned long ident, native_id;
  struct {
    volatile int32_t pending;
    char path[512];
  } support;
};

struct Interpreter {
  int64_t id;
  Interpreter *next;
  Thread *threads, *main;
  int32_t remote_debug;
};

typedef struct {
  uint64_t table[111];
  int32_t initialized, padding;
  void *finalizing;
  Interpreter *interpreters;
} Runtime;

#ifdef STANDIN_OLD
#define VERSION 0x030b09f0
#else
#define VERSION 0x030f02f0
#endif

/* The places of the fields in the table are those of 3.15, see src/inject/offsets.ts. The name of the section is cut
 * as the linker of Microsoft does it. */
__attribute__((section("PyRuntim"), used)) Runtime _PyRuntime = {
#ifndef STANDIN_OLD
    .table =
        {
            [0] = 0x7970677562656478, /* "xdebugpy" */
            [1] = VERSION,
            [3] = sizeof(Runtime), offsetof(Runtime, finalizing), offsetof(Runtime, interpreters),
            [6] = sizeof(Interpreter), offsetof(Interpreter, id), offsetof(Interpreter, next),
            offsetof(Interpreter, threads), offsetof(Interpreter, main),
            [22] = sizeof(Thread), offsetof(Thread, prev), offsetof(Thread, next), offsetof(Thread, interpreter),
            [30] = offsetof(Thread, ident), offsetof(Thread, native_id), 0, offsetof(Thread, status),
            [105] = offsetof(Thread, eval_breaker), offsetof(Thread, support), offsetof(Interpreter, remote_debug),
            0, 4, 512,
        },
#endif
};

__declspec(dllexport) const unsigned long Py_Version = VERSION;
__declspec(dllexport) int PyErr_CheckSignals(void) { return 0; }

static Thread threads[2];
static Interpreter interpreter;
static CRITICAL_SECTION one_line;
static int deaf;

static void report(const char *what, const char *text) {
  EnterCriticalSection(&one_line);
  FILE *file = _wfopen(_wgetenv(L"STANDIN_REPORT"), L"ab");
  if (file) {
    fprintf(file, "%s %s\n", what, text);
    fclose(file);
  }
  LeaveCriticalSection(&one_line);
}

static FILE *open_utf8(const char *path, const wchar_t *mode) {
  wchar_t wide[1024];
  return MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, wide, 1024) ? _wfopen(wide, mode) : NULL;
}

/* Copies the rest of the line behind the mark, which is written as in a text of Python. */
static int find(const char *script, const char *mark, char *into, size_t size) {
  const char *at = strstr(script, mark);
  if (!at) return 0;
  size_t length = 0;
  for (at += strlen(mark); *at && *at != '\n' && length + 1 < size; at++) {
    if (*at == '\\' && (at[1] == '\\' || at[1] == '\'')) at++;
    into[length++] = *at;
  }
  into[length] = 0;
  return length > 0;
}

static int receive(SOCKET link, char *into, int length) {
  for (int done = 0; done < length;) {
    int count = recv(link, into + done, length - done, 0);
    if (count <= 0) return 0;
    done += count;
  }
  return 1;
}

/* What the agent does at first: it listens, tells where, and lets in who has the token. */
static void serve(const char *port_file, const char *token) {
  SOCKET listener = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int size = sizeof address;
  bind(listener, (struct sockaddr *)&address, size);
  listen(listener, 1);
  getsockname(listener, (struct sockaddr *)&address, &size);
  FILE *file = open_utf8(port_file, L"wb");
  if (!file) return report("error", "port file");
  fprintf(file, "%d\n", ntohs(address.sin_port));
  fclose(file);
  SOCKET link = accept(listener, NULL, NULL);
  closesocket(listener);
  unsigned char head[4];
  static char hello[65536];
  if (!receive(link, (char *)head, 4)) return report("error", "no hello");
  int length = head[1] << 16 | head[2] << 8 | head[3];
  if (length >= (int)sizeof hello || !receive(link, hello, length)) return report("error", "no hello");
  if (!strstr(hello, token)) return report("error", "wrong token");
  char body[256] = {0};
  int count = snprintf(body + 4, sizeof body - 4,
                       "{\"version\":1,\"pid\":%lu,\"python\":\"3.15.2\",\"executable\":\"\",\"argv\":[],\"cwd\":\"\"}",
                       GetCurrentProcessId());
  body[3] = (char)count;
  send(link, body, count + 4, 0);
  report("served", "");
  while (recv(link, hello, sizeof hello, 0) > 0) {
  }
  closesocket(link);
  report("left", "");
}

static void run_script(const char *path) {
  static char script[65536];
  char port_file[600], token[80];
  FILE *file = open_utf8(path, L"rb");
  if (!file) return report("complaint", path);
  size_t length = fread(script, 1, sizeof script - 1, file);
  fclose(file);
  script[length] = 0;
  char first[200];
  snprintf(first, sizeof first, "%.*s", (int)strcspn(script, "\r\n"), script);
  report("script", first);
  if (find(script, PORT_MARK, port_file, sizeof port_file) && find(script, TOKEN_MARK, token, sizeof token))
    serve(port_file, token);
}

/* The interpreter looks when the bit of the breaker is set, clears the request, and runs the file then. */
static void look(Thread *self) {
  if (!(self->eval_breaker & STOP_BIT)) return;
  self->eval_breaker &= ~(uint64_t)STOP_BIT;
  if (self->support.pending != 1) return;
  char path[512], line[600];
  memcpy(path, self->support.path, sizeof path);
  self->support.pending = 0;
  snprintf(line, sizeof line, "thread=%lu breaker=%#llx path=%s", self->native_id, self->eval_breaker, path);
  report("taken", line);
  run_script(path);
}

/* As a thread in a long C call: it only tells when a request came and when that was taken back. */
static void ignore(Thread *self) {
  char line[600];
  while (self->support.pending != 1) Sleep(2);
  report("ignored", self->support.path);
  while (self->support.pending != 0) Sleep(2);
  snprintf(line, sizeof line, "path='%s'", self->support.path);
  report("withdrawn", line);
}

static DWORD WINAPI run(void *argument) {
  Thread *self = argument;
  self->ident = self->native_id = GetCurrentThreadId();
  for (;;) {
    (deaf ? ignore : look)(self);
    Sleep(2);
  }
  return 0;
}

/* Modes: `embedded` has no main thread recorded, as in programs that start Python themselves; `off` has remote
 * debugging switched off; `starting` never gets ready; `deaf` never looks for requests. */
__declspec(dllexport) int standin_main(const wchar_t *mode) {
  WSADATA data;
  char line[80];
  SetEnvironmentVariableW(L"TEMP", _wgetenv(L"STANDIN_TEMP"));
  SetEnvironmentVariableW(L"TMP", _wgetenv(L"STANDIN_TEMP"));
  InitializeCriticalSection(&one_line);
  WSAStartup(MAKEWORD(2, 2), &data);
  for (int i = 0; i < 2; i++) {
    threads[i].interpreter = &interpreter;
    threads[i].eval_breaker = 0x100;
    threads[i].status = BOUND;
    threads[i].ident = threads[i].native_id = GetCurrentThreadId();
  }
  interpreter.threads = &threads[1];
  threads[1].next = &threads[0];
  threads[0].prev = &threads[1];
  interpreter.main = wcscmp(mode, L"embedded") == 0 ? NULL : &threads[0];
  deaf = wcscmp(mode, L"deaf") == 0;
  interpreter.remote_debug = wcscmp(mode, L"off") != 0;
  _PyRuntime.interpreters = &interpreter;
  CloseHandle(CreateThread(NULL, 0, run, &threads[1], 0, NULL));
  while (threads[1].native_id == threads[0].native_id) Sleep(1);
  _PyRuntime.initialized = wcscmp(mode, L"starting") != 0;
  snprintf(line, sizeof line, "pid=%lu main=%lu other=%lu", GetCurrentProcessId(), threads[0].native_id,
           threads[1].native_id);
  report("ready", line);
  return (int)run(&threads[0]);
}

#else

__declspec(dllimport) int standin_main(const wchar_t *mode);

#endif

#ifdef STANDIN_PROGRAM
int wmain(int argc, wchar_t **argv) {
  for (int i = 1; i < argc; i++)
    if (wcscmp(argv[i], L"--standin") == 0 && i + 1 < argc) return standin_main(argv[i + 1]);
  return standin_main(L"");
}
#endif
