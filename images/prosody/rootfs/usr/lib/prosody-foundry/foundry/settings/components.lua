-- Rooms, uploads, and who may use those of another domain of this server.

local hosts = require("foundry.hosts")
local shipped = require("foundry.shipped")

local function restrict_rooms(components)
  local domains = {}
  for _, component in ipairs(components) do
    if component.type == "muc" then domains[#domains + 1] = component.domain end
  end
  local server = rawget(_G, "prosody")
  if server and server.events then require("foundry.local-rooms")(server, domains) end
end

local restrictions = { ["local"] = "local", admin = true, everybody = false }

-- A GCM-encrypted file is as much longer than the file.
local tag_length = 16

return function(context, set)
  local values = context.values
  local restriction = restrictions[values.PROSODY_MUC_CREATION]
  -- Without roles, 0.12 means by local those of the domain right above the rooms' alone.
  if restriction == "local" and not shipped.is_since("13.0") then
    restriction = context.nothing
    restrict_rooms(context.components)
  end
  set("muc", "restrict_room_creation", restriction)
  set("http_file_share", "http_file_share_size_limit", values.PROSODY_UPLOAD_LIMIT_MB * 1024 * 1024 // 1 + tag_length | 0)

  -- Every account of this server is at home in each of them. 0.12 asks for no role.
  for _, component in ipairs(shipped.is_since("13.0") and context.components or {}) do
    set(component.domain, "server_user_role", "prosody:registered")
  end

  for _, host in ipairs(context.hosts) do
    local items = {}
    for _, component in ipairs(hosts.shared_with(host, context.components)) do
      items[#items + 1] = { component.domain, component.type == "muc" and values.PROSODY_MUC_NAME or nil }
    end
    for _, component in ipairs(values.PROSODY_EXTERNAL_COMPONENTS) do
      if not hosts.is_under(component, host) then items[#items + 1] = { component.domain } end
    end
    if #items > 0 then set(host, "disco_items", items) end
  end
end
