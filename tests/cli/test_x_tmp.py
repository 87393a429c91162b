def test_x(idp_on_sqlite):
    from idp.credentials import password_rules as r
    orig=r.check_password
    from idp.credentials import passwords as p
    def chk(password,**k):
        print("CHK",repr(password),k)
        return orig(password,**k)
    p.check_password=chk
    print(idp_on_sqlite.refused("user","create","ada","--email","ada@example.test","--password-stdin",stdin="123456789012345"))
    assert 0
