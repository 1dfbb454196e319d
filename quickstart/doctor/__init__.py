"""`ai-gateway doctor`: ordered checks of everything between a program and a model, each with one remedy. One small room
per check; examination.py knows their order. Nothing here changes anything.

Not for: printing (commands/doctor.py), wording (diagnosis.py).
"""
