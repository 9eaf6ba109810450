-- Rooms, uploads, and who may use those of another domain of this server.

local hosts = require("foundry.hosts")
local shipped = require("foundry.shipped")

local restrictions = { ["local"] = "local", admin = true, everybody = false }

-- A GCM-encrypted file is as much longer than the file.
local tag_length = 16

return function(context, set)
  local values = context.values
  set("muc", "restrict_room_creation", restrictions[values.PROSODY_MUC_CREATION])
  set("http_file_share", "http_file_share_size_limit", values.PROSODY_UPLOAD_LIMIT_MB * 1024 * 1024 // 1 + tag_length | 0)

  for _, host in ipairs(context.hosts) do
    local items = {}
    for _, component in ipairs(hosts.shared_with(host, context.components)) do
      items[#items + 1] = { component.domain, component.type == "muc" and values.PROSODY_MUC_NAME or nil }
      -- 0.12 asks for no role.
      if shipped.is_since("13.0") then set(component.domain, "server_user_role", "prosody:registered") end
    end
    if #items > 0 then set(host, "disco_items", items) end
  end
end
