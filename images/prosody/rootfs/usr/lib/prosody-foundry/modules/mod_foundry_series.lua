-- Notes in each domain's storage which series used it, and ends the server where a newer one did: the data folder knows
-- that too, but a database may outlive it.

module:set_global()

local load_library = require("foundry.core")
local storagemanager = load_library("core.storagemanager")
local series_mark = require("foundry.series-mark")
local leave = require("foundry.leave")
local bad_configuration, unavailable = 78, 69
local pause = 10 -- seconds until what failed is tried again

local open = {} -- host → what is to be done: store, known (its mark was read), problem
local is_running = false

local function first_line(text) return (tostring(text):match("^[^\n]*"):gsub("%.$", "")) end

-- nil, or why the storage does not tell. Ends the server where it tells of a newer one.
local function read(host, work)
  local found, mark, failure = pcall(work.store.get, work.store, nil)
  if not found or failure then
    return ("The storage of %s cannot be read, so that nobody knows which Prosody used it last: %s"):format(host,
      first_line(failure or mark))
  end
  local problem = series_mark.judge(mark, ("The storage of %s"):format(host))
  if problem then leave(bad_configuration, { problem }) end
  work.known, work.is_news = true, series_mark.is_news(mark)
end

-- nil, or why the storage does not take it.
local function write(host, work)
  local tried, done, failure = pcall(work.store.set, work.store, nil, series_mark.own)
  if tried and done then return nil end
  return ("The storage of %s does not take note of this Prosody's series, so that an older one would misread it unwarned: %s"):format(
    host, first_line(failure or done))
end

-- Once the server runs; what cannot be done is told once, and tried again.
local function settle(host, work)
  local problem = not work.known and read(host, work) or nil
  if not problem and work.is_news then problem = write(host, work) end
  if not problem then
    if work.problem then module:log("info", "The storage of %s notes the series of this Prosody", host) end
    open[host] = nil
    return
  end
  if not work.problem then module:log("error", "%s", problem) end
  work.problem = problem
end

local function settle_all()
  for host, work in pairs(open) do
    if rawget(prosody.hosts, host) then settle(host, work) else open[host] = nil end
  end
end

-- While modules load, nobody has been served yet.
function module.add_host(host_module)
  local host = host_module.host
  if prosody.hosts[host].type ~= "local" or host_module:get_option("component_module") then return end
  local work = { store = storagemanager.open(host, "foundry_series", "keyval") }
  open[host] = work
  if is_running then return settle(host, work) end
  local problem = read(host, work)
  if problem then leave(unavailable, { problem .. ". Mend that, and start again." }) end
end

module:hook("server-started", function()
  is_running = true
  settle_all()
end)

module:hook("foundry-health", function(event)
  for _, work in pairs(open) do
    if work.problem then event.problem("series", work.problem .. ".") end
  end
end)

module:add_timer(pause, function()
  settle_all()
  return pause
end)
