# Texts of the pages. Other pages add their keys here.

site-name = Antrean
site-description = Passport appointments at immigration offices

menu-home = Home
menu-queue = Queue
menu-offices = Offices
menu-guide = Guide
menu-mine = My data
menu-help = Help
menu-sign-in = Sign in
menu-sign-out = Sign out
skip-to-content = Skip to the content

button-continue = Continue
button-back = Back
button-change = Change

error-summary = Something needs to be put right
error-title-prefix = Error:

footer-about = Passport appointments. Places are given by a draw that anybody can check.
footer-privacy = Privacy
footer-status = Service status
footer-language = Bahasa Indonesia
