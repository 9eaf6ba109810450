-- How many connections one network address may have at a time, on all ports together: whoever has a thousand holds every
-- descriptor there is. They count from the moment they are accepted, since a handshake of TLS may go on for a minute.
-- A trusted proxy has as many as it wants; those who come through it by WebSocket or BOSH are counted by themselves.
module:set_global()

local load = require("foundry.core")
local addresses = require("foundry.addresses")
local methods = require("foundry.connection-methods").methods

local timer = load("util.timer")

local most = module:get_option_number("foundry_connections_per_address", 200)
local is_proxy = addresses.proxies_of(module)
local pause = 60

local counts = {} -- address → how many connections
local owners = {} -- connection → the address it counts for
local told = {} -- address → true while the log need not hear of it again

local function tell(address)
  if told[address] then return end
  told[address] = true
  module:log("warn", "%s has %d connections: more are refused (PROSODY_CONNECTIONS_PER_ADDRESS)", address, most)
end

-- Whether there is room for one more of that address.
local function count(conn, ip)
  if owners[conn] or not ip or is_proxy(ip) then return true end
  local address = addresses.group_of(ip)
  local number = (counts[address] or 0) + 1
  if number > most then
    tell(address)
    return false
  end
  counts[address], owners[conn] = number, address
  return true
end

local function release(conn)
  local address = owners[conn]
  if not address then return end
  owners[conn] = nil
  counts[address] = counts[address] > 1 and counts[address] - 1 or nil
end

-- Nothing else hears of a connection that is still in its handshake.
local before = {}

if methods then
  before.destroy, before.defaultoptions = methods.destroy, methods.defaultoptions
  function methods.destroy(conn)
    release(conn)
    return before.destroy(conn)
  end
  function methods.defaultoptions(conn)
    -- One that was opened from here has no server.
    if conn._server then
      conn:updatenames()
      -- It is read from right away, and is over.
      if not count(conn, conn.peername) then conn.conn:shutdown("both") end
    end
    return before.defaultoptions(conn)
  end
else
  module:log("error", "With this network_backend nothing limits the connections of an address")
end

module:hook("websocket-session", function(event)
  local conn = event.session.conn
  if not count(conn, event.session.ip) then conn:close() end
end)

local sessions = {} -- address → the sessions of BOSH that it began

local function drop_ended(address)
  local alive = 0
  for session in pairs(sessions[address]) do
    if session.destroyed then sessions[address][session] = nil else alive = alive + 1 end
  end
  if alive == 0 then sessions[address] = nil end
  return alive
end

module:hook("bosh-session", function(event)
  local session = event.session
  if is_proxy(session.ip) then return end
  local address = addresses.group_of(session.ip)
  if sessions[address] and drop_ended(address) >= most then
    tell(address)
    return session:close("policy-violation")
  end
  sessions[address] = sessions[address] or {}
  sessions[address][session] = true
end)

local task = timer.add_task(pause, function()
  told = {}
  for address in pairs(sessions) do drop_ended(address) end
  return pause
end)

function module.unload()
  timer.stop(task)
  for name, method in pairs(before) do methods[name] = method end
end
