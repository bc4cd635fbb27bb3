def render_sweeps(s): return ""
