"""The rules as frozen values, and what they make of an event: decisions, calls, and what a vendor's answer means.

Pure: no clock, no environment, no file. Made by `reading`; knows neither how rules are written nor who tests them.
"""
