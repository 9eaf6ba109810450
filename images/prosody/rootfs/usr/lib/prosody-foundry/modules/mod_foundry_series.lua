-- Notes in each domain's storage which series used it, and ends the server where a newer one did: the data folder knows
-- that too, but a database may outlive it.

module:set_global()

local load_library = require("foundry.core")
local storagemanager = load_library("core.storagemanager")
local series_mark = require("foundry.series-mark")
local bad_configuration = 78

local noted = {}

-- While modules load, nobody has been served yet.
function module.add_host(host_module)
  local host = host_module.host
  if prosody.hosts[host].type ~= "local" or host_module:get_option("component_module") then return end
  local store = storagemanager.open(host, "foundry_series", "keyval")
  local found, mark, failure = pcall(store.get, store, nil)
  if not found or failure then return end
  local problem = series_mark.judge(mark, ("The storage of %s"):format(host))
  if problem then
    module:log("error", "%s", problem)
    if prosody.pidfile then os.remove(prosody.pidfile) end
    os.exit(bad_configuration)
  end
  if series_mark.is_news(mark) then noted[host] = store end
end

module:hook("server-started", function()
  for _, store in pairs(noted) do pcall(store.set, store, nil, series_mark.own) end
  noted = {}
end)
