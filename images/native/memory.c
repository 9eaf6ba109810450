/* The C library keeps memory that is free between things in use, until somebody asks for it. */

#include <malloc.h>

#include <lauxlib.h>
#include <lua.h>

/* trim() → whether anything went back to the system. */
static int trim(lua_State *L) {
  lua_pushboolean(L, malloc_trim(0));
  return 1;
}

int luaopen_foundry_memory(lua_State *L) {
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, trim);
  lua_setfield(L, -2, "trim");
  return 1;
}
