/* Lua writes to files, and leaves it to the system when that reaches the disk. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <lauxlib.h>
#include <lua.h>

static int flush(lua_State *L, int (*how)(int)) {
  int file = open(luaL_checkstring(L, 1), O_RDONLY | O_CLOEXEC);
  int problem = file < 0 || how(file) != 0 ? errno : 0;
  if (file >= 0) close(file);
  /* Some disks know no such thing, as those that are shared from elsewhere; a profile may not let this call through. */
  if (problem == 0 || problem == EINVAL || problem == ENOSYS || problem == EPERM) {
    lua_pushboolean(L, 1);
    return 1;
  }
  lua_pushnil(L);
  lua_pushstring(L, strerror(problem));
  return 2;
}

/* sync(path): a file, or the names in a folder, are on the disk; true, or nil and why not. */
static int sync_one(lua_State *L) { return flush(L, fsync); }

/* sync_all(path): so is all that was written to the disk that it lies on. */
static int sync_all(lua_State *L) { return flush(L, syncfs); }

int luaopen_foundry_disk(lua_State *L) {
  static const luaL_Reg functions[] = {{"sync", sync_one}, {"sync_all", sync_all}, {NULL, NULL}};
  luaL_newlib(L, functions);
  return 1;
}
