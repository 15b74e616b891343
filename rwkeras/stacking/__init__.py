"""ranVGG: a random network whose layers are chosen, one after another, among candidates."""
