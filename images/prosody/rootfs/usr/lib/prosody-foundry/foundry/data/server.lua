-- Talks to the server that runs beside this process, by its admin socket: holds it while its data is replaced. A server
-- that loses the connection takes its hosts up again by itself.

local lock = require("foundry.data.lock")
local load_library = require("foundry.data.prosody").load

local header = "<stream:stream xmlns='xmpp:prosody.im/admin' xmlns:stream='http://etherx.jabber.org/streams'>"

local function connect()
  local path = load_library("core.configmanager").get("*", "admin_socket")
  local unix = require("socket.unix")
  local socket = (type(unix) == "table" and unix.stream or unix)()
  if not socket:connect(load_library("util.paths").resolve_relative_path(prosody.paths.data, path or "prosody.sock")) then return nil end
  return socket
end

-- Sends a word and waits for the answer to it, in which the server may tell what went wrong.
local function ask(socket, what)
  socket:send(("<foundry-%s xmlns='xmpp:prosody.im/admin'/>"):format(what))
  local text = ""
  while true do
    local bytes, reason, rest = socket:receive(1)
    text = text .. (bytes or rest or "")
    local done, problem = text:match("<foundry%-done[^>]*/>"), text:match("<foundry%-failed[^>]*>([^<]*)<")
    if done then return true end
    if problem then return nil, problem end
    if text:find("</repl%-result>") then return nil, "mod_foundry_hold is not loaded" end
    if not bytes and reason ~= "timeout" then return nil, reason end
  end
end

local function hold(socket)
  socket:settimeout(60)
  socket:send(header)
  local ok, reason = ask(socket, "hold")
  if not ok then error("The running server could not take its hosts down: " .. tostring(reason) .. ".", 0) end
  return {
    release = function()
      local taken_up, problem = ask(socket, "release")
      socket:close()
      if not taken_up then error("The server could not take its hosts up again, restart it: " .. tostring(problem) .. ".", 0) end
    end,
  }
end

return {
  -- Calls `check` before anything happens. Answers something with `release`.
  hold_or_lock = function(folder, check)
    local socket = connect()
    if not socket and not lock.own(folder) then
      error("A server in another container uses this data: run this there, by `docker exec`, or stop it.", 0)
    end
    check()
    if socket then return hold(socket) end
    return lock
  end,
}
