-- Lets `restore` replace the data under the running server: takes all hosts down, so that no session, room or cache is
-- left of what was, and up again when told to, or when the other side is gone.

module:set_global()
module:depends("admin_socket")

local load = require("foundry.core")

local hostmanager = load("core.hostmanager")
local modulemanager = load("core.modulemanager")
local configmanager = load("core.configmanager")
local sessionmanager = load("core.sessionmanager")
local st = load("util.stanza")

local sessions = module:shared("/*/admin_socket/sessions")
local holder -- the admin session that holds the hosts down

local function lists_of_hosts()
  local virtual, components = {}, {}
  for host, options in pairs(configmanager.getconfig()) do
    if host ~= "*" and options.enabled ~= false then
      table.insert(options.component_module and components or virtual, host)
    end
  end
  return virtual, components
end

local function each_host(lists, work)
  for _, list in ipairs(lists) do
    for _, host in ipairs(list) do
      if rawget(prosody.hosts, host) then work(host) end
    end
  end
end

-- One that waits to be resumed is in no connection any more.
local function end_sessions()
  for _, session in pairs(prosody.full_sessions) do
    if not session.destroyed then sessionmanager.destroy_session(session, "The data is being restored") end
  end
end

local reason = { condition = "system-shutdown", text = "The data is being restored" }

local function take_down()
  local virtual, components = lists_of_hosts()
  -- Hosts first: their users leave the rooms while there are rooms.
  for _, host in ipairs(virtual) do
    for _, user in pairs(prosody.hosts[host] and prosody.hosts[host].sessions or {}) do
      for _, session in pairs(user.sessions) do session:close(reason) end
    end
  end
  end_sessions()
  -- Before all others: 13.0.7's fails when a command is taken back whose section is gone already.
  each_host({ components, virtual }, function(host) modulemanager.unload(host, "admin_shell") end)
  each_host({ components, virtual }, function(host) hostmanager.deactivate(host, reason) end)
  module:log("warn", "All hosts are down while their data is restored")
end

-- A restore that was killed when all was there has left some of it in its place and some not. Where that cannot be mended
-- the hosts stay down until another restore was made.
local function take_up()
  holder = nil
  require("foundry.data.staging").finish(require("foundry.folders").data)
  for _, list in ipairs({ lists_of_hosts() }) do
    for _, host in ipairs(list) do
      if not rawget(prosody.hosts, host) then hostmanager.activate(host) end
    end
  end
  prosody.events.fire_event("hosts-activated", configmanager.getconfig())
  module:log("info", "All hosts are up again")
end

-- An error of ours is a sentence.
local function explain(problem)
  return type(problem) == "string" and not problem:find("^[^ ]*%.lua:%d+:") and problem or debug.traceback(problem, 2)
end

local function answer(session, work)
  -- Code of modules reads and sets globals while it is loaded.
  prosody.unlock_globals()
  local done, problem = xpcall(work, explain)
  prosody.lock_globals()
  if done then
    session.send(st.stanza("foundry-done"))
  else
    module:log("error", "%s", problem)
    session.send(st.stanza("foundry-failed"):text((tostring(problem):gsub("\n.*$", ""))))
  end
  return true
end

module:hook("admin/foundry-hold", function(event)
  return answer(event.origin, function()
    if holder then error("another restore is under way", 0) end
    holder = event.origin
    take_down()
  end)
end)

module:hook("admin/foundry-release", function(event)
  if holder ~= event.origin then return end
  return answer(event.origin, take_up)
end)

-- 0.12 tells nobody that an admin is gone.
module:add_timer(1, function()
  if holder and (holder.destroyed or not holder.conn) then answer({ send = function() end }, take_up) end
  return 1
end)
